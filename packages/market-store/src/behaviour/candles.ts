import { type Candle, foldTrades, MINUTE_MS } from "@polytape/market-model";
import { aTrade } from "@polytape/market-model/testing";
import { describe, expect, it } from "vitest";
import { candleId } from "../candles/candle-id.ts";
import { freshIds, type StoreUnderTest } from "./store-under-test.ts";

/** Half a minute before the first of a month, so that neighbours lie in two months. */
const MONTH_START_MS = Date.UTC(2026, 9, 1);

export function describeCandles(open: () => StoreUnderTest): void {
  function aCandle(assetId: string, openTimeMs: number, size = 10): Candle {
    return foldTrades([aTrade({ assetId, tsSeconds: openTimeMs / 1_000, size, price: 0.1 + 0.2 })]);
  }

  describe("candles", () => {
    it("returns by key, at once, what was written, across months; absent ones are left out", async () => {
      const { store, clock } = open();
      const { assetId } = freshIds();
      const candles = [-MINUTE_MS, 0].map((offset) => aCandle(assetId, MONTH_START_MS + offset));
      clock.nowMs = 1_791_000_000_000;

      const outcome = await store.candles.writeCandles(
        candles.map((candle) => ({ candle, rev: 3, replaces: null })),
      );
      const found = await store.candles.findByKeys([
        ...candles,
        { assetId, interval: "1m", openTimeMs: MONTH_START_MS + 999 * MINUTE_MS },
        { assetId, interval: "1h", openTimeMs: Date.UTC(2001, 0, 1) },
      ]);

      expect(outcome).toEqual({ written: 2, conflicts: [] });
      expect([...found.keys()].sort()).toEqual(candles.map(candleId).sort());
      for (const candle of candles) {
        const { version, ...stored } = found.get(candleId(candle)) ?? {};
        expect(stored).toEqual({ ...candle, rev: 3, ingestedAtMs: 1_791_000_000_000 });
        expect(version).toBeDefined();
      }
    });

    it("refuses a write whose version is not the stored one, and names its key", async () => {
      const { store } = open();
      const { assetId } = freshIds();
      const candle = aCandle(assetId, MONTH_START_MS);
      const key = { assetId, interval: "1m" as const, openTimeMs: MONTH_START_MS };
      await store.candles.writeCandles([{ candle, rev: 0, replaces: null }]);
      const version = (await store.candles.findByKeys([key])).get(candleId(key))?.version ?? null;

      const bigger = aCandle(assetId, MONTH_START_MS, 20);
      const unread = await store.candles.writeCandles([{ candle: bigger, rev: 0, replaces: null }]);
      const guarded = await store.candles.writeCandles([{ candle: bigger, rev: 1, replaces: version }]);
      const stale = await store.candles.writeCandles([
        { candle, rev: 9, replaces: version },
        { candle: aCandle(assetId, MONTH_START_MS + MINUTE_MS), rev: 0, replaces: null },
      ]);

      expect(unread).toEqual({ written: 0, conflicts: [key] });
      expect(guarded).toEqual({ written: 1, conflicts: [] });
      expect(stale).toEqual({ written: 1, conflicts: [key] });
      const stored = (await store.candles.findByKeys([key])).get(candleId(key));
      expect(stored).toMatchObject({ rev: 1, volume: 20_000_000 });
    });

    it("finds a series oldest first, from included, to excluded, and the candle before a moment", async () => {
      const { store, settle } = open();
      const { assetId, otherAssetId } = freshIds();
      const opens = [-2, -1, 0, 3].map((minutes) => MONTH_START_MS + minutes * MINUTE_MS);
      const candles = [...opens.map((open) => aCandle(assetId, open)), aCandle(otherAssetId, MONTH_START_MS)];
      const hourly = { ...aCandle(assetId, MONTH_START_MS), interval: "1h" as const };
      await store.candles.writeCandles(
        [...candles, hourly].map((candle) => ({ candle, rev: 0, replaces: null })),
      );
      await settle();
      const series = { assetId, interval: "1m" as const };

      const found = await store.candles.findCandles({
        ...series,
        fromMs: MONTH_START_MS - MINUTE_MS,
        toMs: MONTH_START_MS + 3 * MINUTE_MS,
        limit: 10,
      });
      const limited = await store.candles.findCandles({ ...series, fromMs: 0, toMs: 2e12, limit: 1 });
      const before = await store.candles.findCandleBefore({ ...series, beforeMs: MONTH_START_MS });
      const none = await store.candles.findCandleBefore({
        ...series,
        beforeMs: MONTH_START_MS - 2 * MINUTE_MS,
      });

      expect(found.map(({ openTimeMs }) => openTimeMs)).toEqual([opens[1], opens[2]]);
      expect(limited.map(({ openTimeMs }) => openTimeMs)).toEqual([opens[0]]);
      expect(before?.openTimeMs).toBe(opens[1]);
      expect(none).toBeNull();
    });

    it("hands out with a search the version that guards a write", async () => {
      const { store, settle } = open();
      const { assetId } = freshIds();
      const candle = aCandle(assetId, MONTH_START_MS);
      await store.candles.writeCandles([{ candle, rev: 0, replaces: null }]);
      await settle();

      const range = { fromMs: MONTH_START_MS, toMs: MONTH_START_MS + 1, limit: 1 };
      const [found] = await store.candles.findCandles({ assetId, interval: "1m", ...range });
      const outcome = await store.candles.writeCandles([
        { candle, rev: 1, replaces: found?.version ?? null },
      ]);

      expect(outcome).toEqual({ written: 1, conflicts: [] });
    });
  });
}
