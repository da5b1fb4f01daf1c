import { foldTrades } from "@polytape/market-model";
import { aTrade } from "@polytape/market-model/testing";
import { expect, test } from "vitest";
import { reviseCandle } from "./candle-revision.ts";

const fresh = foldTrades([aTrade(), aTrade({ size: 5 })]);
const older = {
  ...foldTrades([aTrade()]),
  rev: 3,
  ingestedAtMs: 0,
  version: { seqNo: 7, primaryTerm: 1 },
};
const closedMs = fresh.openTimeMs + 60_000;

test("a candle that is not there yet starts at revision 0 and must not exist", () => {
  expect(reviseCandle(fresh, undefined, { nowMs: closedMs, settleMs: 0 })).toEqual({
    candle: fresh,
    rev: 0,
    replaces: null,
  });
});

test("the same trades write nothing, however late", () => {
  const same = { ...older, ...fresh };

  expect(reviseCandle(fresh, same, { nowMs: closedMs + 1e9, settleMs: 0 })).toBeNull();
});

test("the revision is raised from the moment after settling, and kept up to it", () => {
  const atTheLine = reviseCandle(fresh, older, { nowMs: closedMs + 600_000, settleMs: 600_000 });
  const afterIt = reviseCandle(fresh, older, { nowMs: closedMs + 600_001, settleMs: 600_000 });

  expect(atTheLine).toEqual({ candle: fresh, rev: 3, replaces: older.version });
  expect(afterIt).toEqual({ candle: fresh, rev: 4, replaces: older.version });
});
