import { expect, test } from "vitest";
import { addCutSeconds } from "./cut-seconds.ts";

test("joins neighbouring seconds, in whatever order they come", () => {
  expect(addCutSeconds(addCutSeconds([], [12, 10]), [11, 20, 20])).toEqual([
    { fromSeconds: 10, toSeconds: 13 },
    { fromSeconds: 20, toSeconds: 21 },
  ]);
});

test("keeps a hundred runs at most, and every second within them", () => {
  const seconds = Array.from({ length: 150 }, (_, at) => at * at);

  const runs = addCutSeconds([], seconds);

  expect(runs).toHaveLength(100);
  const isIn = (second: number) => runs.some((run) => run.fromSeconds <= second && second < run.toSeconds);
  expect(seconds.every(isIn)).toBe(true);
  expect(isIn(148 * 148 + 50)).toBe(false);
});
