import type { CoverageStretch } from "@polytape/market-model";
import { expect, test } from "vitest";
import { chooseRepair, type TriedRange } from "./choose-repair.ts";

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const NOW = 1_790_000_000_000;

/** Minutes before now. */
function stretch(from: number, to: number, state: CoverageStretch["state"]): CoverageStretch {
  const cause = state === "complete" ? null : "upstream_cap";
  return { fromMs: NOW - from * MINUTE, toMs: NOW - to * MINUTE, state, cause };
}

test("asks for nothing where nothing is missing, and for nothing of which nothing is known", () => {
  expect(chooseRepair([stretch(90, 60, "unknown"), stretch(60, 20, "complete")], [], NOW)).toBeNull();
  const refused = { ...stretch(90, 60, "partial"), cause: "row_rejected" as const };
  expect(chooseRepair([refused], [], NOW)).toBeNull();
});

test("asks for the newest gap first, together with those near to it", () => {
  const timeline = [
    stretch(600, 590, "missing"),
    stretch(590, 100, "complete"),
    stretch(100, 90, "missing"),
    stretch(90, 50, "complete"),
    stretch(50, 49, "partial"),
    stretch(49, 20, "complete"),
  ];

  expect(chooseRepair(timeline, [], NOW)?.asked).toMatchObject({
    fromMs: NOW - 100 * MINUTE,
    toMs: NOW - 49 * MINUTE,
    tries: 1,
  });
});

test("asks for the same seconds again after pauses that grow from ten minutes to a day", () => {
  const gap = stretch(50, 49, "missing");
  let tries: readonly TriedRange[] = [];
  let nowMs = NOW;
  const pauses = [];
  for (let asked = 0; asked < 10; asked += 1) {
    const choice = chooseRepair([gap], tries, nowMs);
    tries = choice?.tries ?? [];
    const nextAtMs = choice?.asked.nextAtMs ?? 0;
    pauses.push(nextAtMs - nowMs);
    expect(chooseRepair([gap], tries, nextAtMs - 1)).toBeNull();
    nowMs = nextAtMs;
  }

  expect(pauses).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 144, 144].map((times) => times * 10 * MINUTE));
  expect(pauses.at(-1)).toBe(DAY);
});

test("asks for an older gap while a newer one waits, and for the new part of one that has grown", () => {
  const gaps = [stretch(600, 590, "missing"), stretch(590, 50, "complete"), stretch(50, 40, "missing")];
  const first = chooseRepair(gaps, [], NOW);
  const second = chooseRepair(gaps, first?.tries ?? [], NOW);
  const grown = [...gaps, stretch(40, 30, "missing")];
  const third = chooseRepair(grown, second?.tries ?? [], NOW);

  expect([first, second, third].map((each) => [each?.asked.fromMs, each?.asked.toMs])).toEqual(
    [
      [50, 40],
      [600, 590],
      [40, 30],
    ].map((range) => range.map((minutes) => NOW - minutes * MINUTE)),
  );
});

test("forgets what was asked for when there is no gap any more", () => {
  const first = chooseRepair([stretch(50, 40, "missing")], [], NOW);
  const other = chooseRepair([stretch(600, 590, "missing")], first?.tries ?? [], NOW);

  expect(other?.tries).toEqual([other?.asked]);
});

test("remembers a bounded number of ranges", () => {
  const gaps = Array.from({ length: 220 }, (_, at) => [
    stretch(100_000 - at * 100, 99_990 - at * 100, "missing"),
    stretch(99_990 - at * 100, 99_900 - at * 100, "complete"),
  ]).flat();
  let tries: readonly TriedRange[] = [];
  for (let asked = 0; asked < 210; asked += 1) tries = chooseRepair(gaps, tries, NOW)?.tries ?? [];

  expect(tries.length).toBe(200);
});
