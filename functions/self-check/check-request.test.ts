import { expect, test } from "vitest";
import { readRequest, selfCheckInput } from "./check-request.ts";

const bounds = { settleSeconds: 600, retentionDays: 90, upstreamLagSecondsMax: 60 };
const now = Date.parse("2026-11-22T22:10:24Z");

test("takes the oldest whole day that is kept, and names it when it refuses an older one", () => {
  expect(readRequest({ day: "2026-08-24" }, bounds, now)?.dayMs).toBe(Date.parse("2026-08-24T00:00:00Z"));
  expect(() => readRequest({ day: "2026-08-23" }, bounds, now)).toThrow(
    "day: nothing before 2026-08-24 is kept (RETENTION_DAYS is 90).",
  );
});

// A typing error that is passed over makes a request a tick, which answers as if all were well.
test("refuses a field that it does not know, by name, and takes what a tick sends", () => {
  expect(selfCheckInput.safeParse({ dya: "2026-11-21" }).error?.issues[0]?.message).toContain('"dya"');
  expect(selfCheckInput.parse({})).toEqual({});
});
