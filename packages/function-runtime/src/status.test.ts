import { PolytapeError } from "@polytape/market-model";
import { expect, test } from "vitest";
import { statusOf } from "./status.ts";

const operating = (code: string) => new PolytapeError("operating", code, "It did not work.");

// Whoever triggers functions waits for as long as it says 503, and gives a message up that meets 500 or 504 every time.
test.each([
  "store_full",
  "store_read_only",
  "store_busy",
  "store_unavailable",
  "store_conflict",
  "store_refused",
  "bus_unavailable",
  "bus_refused",
  "upstream_unavailable",
  "too_many_backfills",
])("%s is not the message's fault: 503", (code) => {
  expect(statusOf(operating(code))).toBe(503);
});

test("work that takes longer than a call may is answered as one that was cut off: 504", () => {
  expect(statusOf(operating("out_of_time"))).toBe(504);
});

test("a bad request is 400, a bug is 500, whoever threw it", () => {
  const bug = new PolytapeError("bug", "store_refused", "The store cannot read 1 of 3 documents.");

  expect(statusOf(new PolytapeError("input", "unknown_market", "?"))).toBe(400);
  expect([statusOf(bug), statusOf(new TypeError("?")), statusOf("?")]).toEqual([500, 500, 500]);
});
