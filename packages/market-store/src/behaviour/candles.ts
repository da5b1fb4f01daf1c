import { type Candle, foldTrades, MINUTE_MS } from "@polytape/market-model";
import { aTrade } from "@polytape/market-model/testing";
import { describe, expect, it } from "vitest";
import { candleId } from "../candles/candle-id.ts";
import type { CandleKey } from "../market-store.ts";
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

      const expected = candles.slice(1, 3).map(({ marketId: _, tradeSetHash: __, ...candle }) => candle);
      expect(found).toEqual(expected.map((candle) => ({ ...candle, rev: 0 })));
      expect(limited.map(({ openTimeMs }) => openTimeMs)).toEqual([opens[0]]);
      expect(before?.openTimeMs).toBe(opens[1]);
      expect(none).toBeNull();
    });

    it("reads all 1m candles of windows, also right after they were written, across months", async () => {
      const { store } = open();
      const { assetId, otherAssetId } = freshIds();
      const hour = 60 * MINUTE_MS;
      const opens = [-hour, -MINUTE_MS, 0, 4 * MINUTE_MS, 5 * MINUTE_MS, hour].map(
        (at) => MONTH_START_MS + at,
      );
      const candles = [assetId, otherAssetId].flatMap((id) => opens.map((open) => aCandle(id, open)));
      const longer = { ...aCandle(assetId, MONTH_START_MS), interval: "5m" as const };
      await store.candles.writeCandles(
        [...candles, longer].map((candle) => ({ candle, rev: 2, replaces: null })),
      );

      const read = await store.candles.readMinutes([
        { assetId, interval: "1h", openTimeMs: MONTH_START_MS - hour },
        { assetId, interval: "5m", openTimeMs: MONTH_START_MS },
        { assetId: otherAssetId, interval: "1h", openTimeMs: MONTH_START_MS },
        { assetId, interval: "1h", openTimeMs: Date.UTC(2001, 0, 1) },
      ]);

      const wanted = [...candles.slice(0, 4), ...candles.slice(8, 11)];
      expect(read.map(candleId).sort()).toEqual(wanted.map(candleId).sort());
      const stored = await store.candles.findByKeys(wanted);
      for (const candle of read) expect(candle).toEqual(stored.get(candleId(candle)));
    });

    it("lists the keys of a range in order, page by page, also right after they were written", async () => {
      const { store } = open();
      const { assetId, otherAssetId, marketId } = freshIds();
      const opens = [0, MINUTE_MS, 5 * MINUTE_MS].map((at) => MONTH_START_MS + at);
      const minutes = [assetId, otherAssetId].flatMap((id) =>
        opens.map((open) => ({ ...aCandle(id, open), marketId })),
      );
      const candles = [...minutes, ...minutes.map((each) => ({ ...each, interval: "5m" as const }))];
      await store.candles.writeCandles(candles.map((candle) => ({ candle, rev: 0, replaces: null })));
      const range = { marketId, fromMs: MONTH_START_MS, toMs: MONTH_START_MS + 5 * MINUTE_MS };

      const pages: string[][] = [];
      let after: CandleKey | undefined;
      do {
        const page: CandleKey[] = await store.candles.listKeys({ ...range, after, limit: 3 });
        pages.push(page.map(candleId));
        after = page.at(-1);
      } while (after);
      const ofOne = await store.candles.listKeys({
        ...range,
        aboveAssetId: assetId,
        upToAssetId: otherAssetId,
        limit: 9,
      });

      const expected = (id: string) =>
        [0, 1].flatMap((minute) =>
          ["1m", "5m"].map((interval) => `${id}|${interval}|${MONTH_START_MS + minute * MINUTE_MS}`),
        );
      expect(pages.map(({ length }) => length)).toEqual([3, 3, 2, 0]);
      expect(pages.flat()).toEqual([...expected(assetId), ...expected(otherAssetId)]);
      expect(ofOne.map(candleId)).toEqual(expected(otherAssetId));
    });
  });
}
