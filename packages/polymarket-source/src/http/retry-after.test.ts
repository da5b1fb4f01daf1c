import { expect, test } from "vitest";
import { readRetryAfterMs } from "./retry-after.ts";

const nowMs = Date.UTC(2026, 10, 22, 12, 0, 0);

test.each([
  ["seconds", "5", {}, 5_000],
  ["a fraction of a second", "0.5", {}, 500],
  ["an HTTP date", "Sun, 22 Nov 2026 12:00:30 GMT", {}, 30_000],
  ["a date that is over", "Sun, 22 Nov 2026 11:00:00 GMT", {}, 0],
  ["a wait that is not believed in full", "3600", {}, 60_000],
  ["the body of a CLOB error", null, { error: "slow down", retry_after_seconds: 2 }, 2_000],
  ["the header before the body", "1", { error: "slow down", retry_after_seconds: 2 }, 1_000],
  ["no wait", null, { error: "slow down" }, null],
  ["nothing that can be read", "soon", undefined, null],
])("reads %s", (_what, header, body, expected) => {
  expect(readRetryAfterMs(header, body, nowMs)).toBe(expected);
});
