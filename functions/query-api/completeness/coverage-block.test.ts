import type { CoverageStretch } from "@polytape/market-model";
import { expect, test } from "vitest";
import { completeness, coverageBlockOf } from "./coverage-block.ts";

function stretch(
  fromMs: number,
  toMs: number,
  state: CoverageStretch["state"] = "complete",
): CoverageStretch {
  return { fromMs, toMs, state, cause: null };
}

test("complete is true when proven, false when something is known to lack, null when nobody knows", () => {
  expect(completeness([stretch(0, 10)])).toBe(true);
  expect(completeness([stretch(0, 10), stretch(10, 11, "unknown")])).toBeNull();
  expect(completeness([stretch(0, 5, "unknown"), stretch(5, 10, "partial")])).toBe(false);
  expect(completeness([])).toBeNull();
});

test("names at most a hundred gaps, the newest, and says how many there are", () => {
  const timeline = Array.from({ length: 300 }, (_, n) =>
    stretch(n * 5_000, n * 5_000 + 5_000, n % 2 ? "unknown" : "complete"),
  );

  const block = coverageBlockOf(timeline, { fromMs: 0, toMs: 1_500_000, openStart: false });
  const { gaps } = block;

  expect([gaps.length, block.gaps_total]).toEqual([100, 150]);
  expect(gaps.at(-1)?.to).toBe("1970-01-01T00:25:00.000Z");
});
