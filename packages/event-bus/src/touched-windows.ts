import { MINUTE_MS, type Trade, tradeTsMs, windowStart } from "@polytape/market-model";
import type { TouchedWindow } from "./event-bus.ts";

/** The minutes of each token in which the trades fell, each once, oldest minute first. */
export function touchedWindows(trades: readonly Trade[]): TouchedWindow[] {
  const minutesByAsset = new Map<string, { marketId: string; minutesMs: Set<number> }>();
  for (const trade of trades) {
    const known = minutesByAsset.get(trade.assetId) ?? {
      marketId: trade.marketId,
      minutesMs: new Set<number>(),
    };
    known.minutesMs.add(windowStart(tradeTsMs(trade), MINUTE_MS));
    minutesByAsset.set(trade.assetId, known);
  }
  return [...minutesByAsset].map(([assetId, { marketId, minutesMs }]) => ({
    marketId,
    assetId,
    minutesMs: [...minutesMs].sort((a, b) => a - b),
  }));
}
