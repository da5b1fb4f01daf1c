import { CANDLE_INTERVAL_MS, type EpochMs, windowStart } from "@polytape/market-model";
import { candleId } from "../candles/candle-id.ts";
import { compareCandleKeys } from "../candles/candle-lists.ts";
import type { CandleKey, CandleShelf, CandleWrite, SeriesCandle, StoredCandle } from "../market-store.ts";

export function inMemoryCandles(now: () => EpochMs): CandleShelf {
  const shelf = new Map<string, StoredCandle>();
  let seqNo = 0;

  function write({ candle, rev, replaces }: CandleWrite): boolean {
    const id = candleId(candle);
    if (shelf.get(id)?.version.seqNo !== replaces?.seqNo) return false;
    shelf.set(id, { ...candle, rev, ingestedAtMs: now(), version: { seqNo, primaryTerm: 1 } });
    seqNo += 1;
    return true;
  }

  function series(assetId: string, interval: CandleKey["interval"]): SeriesCandle[] {
    return [...shelf.values()]
      .filter((candle) => candle.assetId === assetId && candle.interval === interval)
      .sort((a, b) => a.openTimeMs - b.openTimeMs)
      .map(({ marketId: _, tradeSetHash: __, ingestedAtMs: ___, version: ____, ...candle }) => candle);
  }

  return {
    async findByKeys(keys) {
      const found = new Map<string, StoredCandle>();
      for (const id of keys.map(candleId)) {
        const candle = shelf.get(id);
        if (candle) found.set(id, candle);
      }
      return found;
    },
    async writeCandles(candles) {
      const lost = candles.filter((candle) => !write(candle));
      const conflicts = lost.map(({ candle: { assetId, interval, openTimeMs } }) => ({
        assetId,
        interval,
        openTimeMs,
      }));
      return { written: candles.length - lost.length, conflicts };
    },
    async readMinutes(windows) {
      const ids = new Set(windows.map(candleId));
      const intervals = [...new Set(windows.map(({ interval }) => interval))];
      return [...shelf.values()].filter(
        (candle) =>
          candle.interval === "1m" &&
          intervals.some((interval) => {
            const openTimeMs = windowStart(candle.openTimeMs, CANDLE_INTERVAL_MS[interval]);
            return ids.has(candleId({ assetId: candle.assetId, interval, openTimeMs }));
          }),
      );
    },
    async listKeys({ marketId, fromMs, toMs, aboveAssetId, upToAssetId, after, limit }) {
      return [...shelf.values()]
        .filter(
          (candle) =>
            (marketId ?? candle.marketId) === candle.marketId &&
            candle.openTimeMs >= fromMs &&
            candle.openTimeMs < toMs &&
            (aboveAssetId === undefined || candle.assetId > aboveAssetId) &&
            (upToAssetId === undefined || candle.assetId <= upToAssetId) &&
            (!after || compareCandleKeys(candle, after) > 0),
        )
        .sort(compareCandleKeys)
        .slice(0, limit)
        .map(({ assetId, interval, openTimeMs }) => ({ assetId, interval, openTimeMs }));
    },
    async findCandles({ assetId, interval, fromMs, toMs, limit }) {
      return series(assetId, interval)
        .filter((candle) => candle.openTimeMs >= fromMs && candle.openTimeMs < toMs)
        .slice(0, limit);
    },
    async findCandleBefore({ assetId, interval, beforeMs }) {
      return series(assetId, interval).findLast((candle) => candle.openTimeMs < beforeMs) ?? null;
    },
  };
}
