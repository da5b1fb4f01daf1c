import type { CoverageInterval } from "@polytape/market-model";
import type { MarketStore } from "@polytape/market-store";

/** Writes one entry of the ledger about the trades of all markets, unless said otherwise. */
export function recordCoverage(
  store: Pick<MarketStore, "coverage">,
  from: string,
  to: string,
  changes: Partial<CoverageInterval> = {},
): Promise<void> {
  return store.coverage.recordIntervals([
    {
      stream: "trades",
      marketId: null,
      assetId: null,
      fromMs: Date.parse(from),
      toMs: Date.parse(to),
      state: "complete",
      cause: null,
      evidence: {},
      ...changes,
    },
  ]);
}
