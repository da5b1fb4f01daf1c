import { aTradeRow } from "@polytape/market-model/testing";
import { expect, test } from "vitest";
import { newBackfill } from "./backfill-state.ts";
import { estimateBackfill, progressOf } from "./progress.ts";

const NOW_SECONDS = 1_790_000_000;
const YEAR_SECONDS = 31_536_000;
const page = {
  rows: [aTradeRow({ tsSeconds: NOW_SECONDS - 10 }), aTradeRow({ tsSeconds: NOW_SECONDS - 1_000 })],
  nextCursor: "more",
} as const;

function aBackfillOf(marketFromSeconds: number | null) {
  const request = {
    id: "x",
    marketId: "0xa1",
    fromSeconds: NOW_SECONDS - YEAR_SECONDS,
    toSeconds: NOW_SECONDS,
    marketFromSeconds,
  };
  return newBackfill(request, {
    walkId: "w",
    nowMs: NOW_SECONDS * 1_000,
    settleSeconds: 600,
  });
}

test.each([
  ["from its creation", NOW_SECONDS - 4_000, 8],
  ["from what was asked for, when its creation is older", NOW_SECONDS - 2 * YEAR_SECONDS, 63_072],
  ["from what was asked for, when its creation is not known", null, 63_072],
])("estimates the trades of one market %s", (_, createdAtSeconds, rows) => {
  expect(estimateBackfill(aBackfillOf(createdAtSeconds), page, NOW_SECONDS * 1_000).rows).toBe(rows);
});

test("says how far it is of the time in which the market was there", () => {
  const backfill = aBackfillOf(NOW_SECONDS - 4_000);
  const walk = { ...backfill.walk, oldestSeconds: NOW_SECONDS - 1_000, rows: 50 };

  expect(progressOf({ ...backfill, walk, rowsPerSecond: 10 })).toEqual({
    donePercent: 25,
    rowsLeft: 150,
    secondsToGo: 15,
  });
});
