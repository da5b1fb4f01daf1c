import fc from "fast-check";
import { expect, test } from "vitest";
import { isWithin, keptFrom, toRfc3339 } from "./time.ts";

test("keeps today and the whole UTC days before it", () => {
  const midnight = Date.parse("2026-11-22T00:00:00Z");

  expect(keptFrom(90, midnight + 79_824_000)).toBe(Date.parse("2026-08-24T00:00:00Z"));
  expect(keptFrom(90, midnight)).toBe(Date.parse("2026-08-24T00:00:00Z"));
  expect(keptFrom(90, midnight - 1)).toBe(Date.parse("2026-08-23T00:00:00Z"));
});

test("keeps everything when no days are named", () => {
  expect(keptFrom(0, Date.now())).toBeNull();
});

test("writes any moment as the platform does, one after the other of the same and of other days", () => {
  const moment = fc.oneof(
    fc.integer({ min: -8.64e15, max: 8.64e15 }),
    fc.integer({ min: 1_790_000_000_000, max: 1_790_000_900_000 }),
    fc.double({ min: 0, max: 1.8e12, noNaN: true }),
  );
  fc.assert(fc.property(moment, (atMs) => toRfc3339(atMs) === new Date(atMs).toISOString()));
  expect(() => toRfc3339(Number.NaN)).toThrow(RangeError);
  expect(() => toRfc3339(9e15)).toThrow(RangeError);
});

test("a moment is recent for a while, and never when it lies ahead", () => {
  expect([1_000, 1_999, 2_000, 999].map((nowMs) => isWithin(1_000, nowMs, 1_000))).toEqual([
    true,
    true,
    false,
    false,
  ]);
});
