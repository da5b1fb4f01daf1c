import { expect, test } from "vitest";
import { supersededBackups } from "./superseded-backups.ts";

const night = (day: number) => `polytape-202611${String(day).padStart(2, "0")}030000000`;
const whole = (name: string) => ({ name, state: "whole" }) as const;

/** A folder after the backup of the 9th, whose files are all there but those of the nights named. */
function folder(nights: readonly number[], { without = [] as number[] } = {}) {
  const complete = new Set(nights.filter((day) => !without.includes(day)).map(night));
  return { snapshots: nights.map((day) => whole(night(day))), complete };
}

test("keeps the newest, and names the older ones, oldest first", () => {
  const kept = { made: night(9), keep: 3 };

  expect(supersededBackups(folder([9, 5, 8, 7, 6]), kept)).toEqual([night(5), night(6)]);
  expect(supersededBackups(folder([9, 8, 7]), kept)).toEqual([]);
  expect(supersededBackups(folder([9, 8]), { made: night(9), keep: 1 })).toEqual([night(8)]);
});

// Otherwise a week of broken nights would push out the last good one.
test("counts only whole ones, and deletes broken ones once they are older than those", () => {
  const { snapshots, complete } = folder([4, 5, 6, 7, 9], { without: [7] });
  const withBroken = [
    ...snapshots,
    { name: night(8), state: "broken" },
    { name: night(3), state: "broken" },
  ] as const;

  const superseded = supersededBackups({ snapshots: withBroken, complete }, { made: night(9), keep: 3 });

  expect(superseded).toEqual([night(3), night(4)]);
});

test("leaves what is underway, and what is not named as ours", () => {
  const { complete } = folder([9]);
  const others = [
    { name: night(2), state: "underway" },
    whole("nightly-20261101"),
    whole("polytape-by-hand"),
    whole(`${night(1)}-copy`),
  ] as const;

  expect(supersededBackups({ snapshots: others, complete }, { made: night(9), keep: 1 })).toEqual([]);
});

test("never names the one that was just made, also when the clock went back", () => {
  expect(supersededBackups(folder([2, 8, 9]), { made: night(2), keep: 1 })).toEqual([]);
  expect(supersededBackups(folder([1, 2, 8, 9]), { made: night(2), keep: 2 })).toEqual([night(1)]);
});
