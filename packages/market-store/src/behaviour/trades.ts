import {
  DAY_MS,
  MINUTE_MS,
  numberEqualTrades,
  type Trade,
  tradeTsMs,
  windowStart,
} from "@polytape/market-model";
import { aTrade, aTradeRow } from "@polytape/market-model/testing";
import { describe, expect, it } from "vitest";
import type { TradePosition, TradeQuery } from "../market-store.ts";
import { codeOf, freshIds, type StoreUnderTest } from "./store-under-test.ts";

const START_SECONDS = 1_780_000_000;
const EXACT = { exact: true };
const ROUGH = { exact: false };

export function describeTrades(open: () => StoreUnderTest): void {
  /** Trades of one fresh market: several a second (equal ones among them) on each of the days. */
  function tradesOnDays(days: readonly number[], perDay: number): { marketId: string; trades: Trade[] } {
    const { marketId, assetId } = freshIds();
    const rows = days.flatMap((day) =>
      Array.from({ length: perDay }, (_, i) =>
        aTradeRow({
          marketId,
          assetId,
          tsSeconds: START_SECONDS + day * 86_400 + Math.floor(i / 3),
          size: 1 + (i % 2),
        }),
      ),
    );
    const trades = numberEqualTrades().number(rows.reverse(), { rowSet: "taker", receivedAtMs: 1_000 });
    return { marketId, trades };
  }

  function inOrder(trades: readonly Trade[]): string[] {
    return [...trades]
      .sort((a, b) => a.tsSeconds - b.tsSeconds || a.tie - b.tie)
      .map(({ tradeId }) => tradeId);
  }

  describe("trades", () => {
    it("stores a trade once and counts its repeats", async () => {
      const { store, settle, clock } = open();
      const { marketId, trades } = tradesOnDays([0], 5);
      clock.nowMs = 1_791_000_000_000;

      const first = await store.trades.createTrades(trades.slice(0, 3));
      clock.nowMs = 1_791_000_060_000;
      const second = await store.trades.createTrades(trades);
      await settle();

      expect(first).toEqual({ stored: 3, repeated: 0 });
      expect(second).toEqual({ stored: 2, repeated: 3 });
      const found = await store.trades.findTrades({ marketId, sort: "asc", limit: 10 });
      expect(found.map(({ tradeId }) => tradeId)).toEqual(inOrder(trades));
      expect(found.filter(({ ingestedAtMs }) => ingestedAtMs === 1_791_000_000_000)).toHaveLength(3);
    });

    // The store keeps columns, not the text it was sent: whatever it rebuilds from them must be the same.
    it("returns a trade exactly as it was given, to the last bit of every number", async () => {
      const { store, settle, clock } = open();
      const { marketId } = freshIds();
      const assetId = "77888176678720066596595785704561867851638990901352765132303721825934989281472";
      const amounts = [
        { price: 0.1 + 0.2, size: 5e-7 },
        { price: 0.001, size: 8_999_999_999.123_457 },
        { price: 1, size: 123_456.789_012_345 },
        { price: 0.57, size: 5 },
        { price: 5e-324, size: 8e9 },
      ];
      clock.nowMs = 1_791_000_000_123;
      const trades = amounts.map((amount, i) => {
        const { ingestedAtMs: _, ...trade } = aTrade({
          marketId,
          assetId,
          ...amount,
          tsSeconds: START_SECONDS + i,
        });
        return { ...trade, tie: Number.MAX_SAFE_INTEGER - i, receivedAtMs: 1_790_999_999_999 };
      });

      await store.trades.createTrades(trades);
      await settle();

      const found = await store.trades.findTrades({ marketId, sort: "asc", limit: 10 });
      expect(found).toEqual(trades.map((trade) => ({ ...trade, ingestedAtMs: 1_791_000_000_123 })));
    });

    it("names each trade by the id that it is stored under, also one that is not made of its row", async () => {
      const { store, settle } = open();
      const { marketId, assetId } = freshIds();
      const own = aTrade({ marketId, assetId, tsSeconds: START_SECONDS });
      const foreign = {
        ...own,
        tradeId: `${assetId}-foreign`,
        tie: own.tie - 1,
        tsSeconds: START_SECONDS + 1,
      };
      await store.trades.createTrades([own, foreign]);
      await settle();

      const found = await store.trades.findTrades({ marketId, sort: "desc", limit: 10 });
      const ofMinute = await store.trades.readMinutes([
        { assetId, openTimeMs: windowStart(START_SECONDS * 1_000, MINUTE_MS) },
      ]);

      expect(found.map(({ tradeId }) => tradeId)).toEqual([foreign.tradeId, own.tradeId]);
      expect(ofMinute.map(({ tradeId }) => tradeId)).toEqual([own.tradeId, foreign.tradeId]);
    });

    for (const sort of ["asc", "desc"] as const) {
      it(`pages over several days (${sort}) without loss or repeat, by position and by offset`, async () => {
        const { store, settle } = open();
        const { marketId, trades } = tradesOnDays([0, 1, 2, 5, 9], 20);
        const expected = sort === "asc" ? inOrder(trades) : inOrder(trades).reverse();
        await store.trades.createTrades(trades);
        await settle();

        const byPosition: string[] = [];
        let after: TradePosition | undefined;
        for (let pages = 0; pages < 50; pages += 1) {
          const page = await store.trades.findTrades({ marketId, sort, limit: 7, after });
          byPosition.push(...page.map(({ tradeId }) => tradeId));
          const last = page.at(-1);
          if (!last) break;
          after = [tradeTsMs(last), last.tie];
        }
        const byOffset: string[] = [];
        for (let offset = 0; offset < 120; offset += 15) {
          const page = await store.trades.findTrades({ marketId, sort, limit: 15, offset });
          byOffset.push(...page.map(({ tradeId }) => tradeId));
        }

        expect(byPosition).toEqual(expected);
        expect(byOffset).toEqual(expected);
      });
    }

    it("filters by token, side, row set and time, from included, to excluded", async () => {
      const { store, settle } = open();
      const { marketId, assetId, otherAssetId } = freshIds();
      const base = { marketId, assetId, tsSeconds: START_SECONDS };
      const trades = {
        plain: aTrade(base),
        otherToken: aTrade({ ...base, assetId: otherAssetId }),
        sold: aTrade({ ...base, side: "sell" }),
        later: aTrade({ ...base, tsSeconds: START_SECONDS + 1 }),
        maker: { ...aTrade({ ...base, size: 99 }), rowSet: "all" as const },
      };
      await store.trades.createTrades(Object.values(trades));
      await settle();

      const namesOf = async (query: Partial<TradeQuery>) => {
        const found = await store.trades.findTrades({ marketId, sort: "asc", limit: 10, ...query });
        const ids = new Set(found.map(({ tradeId }) => tradeId));
        return Object.entries(trades)
          .filter(([, { tradeId }]) => ids.has(tradeId))
          .map(([name]) => name);
      };

      expect(await namesOf({})).toHaveLength(5);
      expect(await namesOf({ assetId: otherAssetId })).toEqual(["otherToken"]);
      expect(await namesOf({ side: "sell" })).toEqual(["sold"]);
      expect(await namesOf({ rowSet: "all" })).toEqual(["maker"]);
      expect(await namesOf({ fromMs: START_SECONDS * 1_000 + 1 })).toEqual(["later"]);
      expect(
        await namesOf({ fromMs: START_SECONDS * 1_000, toMs: START_SECONDS * 1_000 + 1_000 }),
      ).toHaveLength(4);
      expect(await namesOf({ toMs: START_SECONDS * 1_000 })).toEqual([]);
      expect(await codeOf(namesOf({ offset: 9_999, limit: 2 }))).toBe("page_too_deep");
    });

    it("hides what was ingested after the moment that a page is bound to", async () => {
      const { store, settle, clock } = open();
      const { marketId, trades } = tradesOnDays([0], 4);
      clock.nowMs = 1_791_000_000_000;
      await store.trades.createTrades(trades.slice(0, 2));
      clock.nowMs = 1_791_000_000_001;
      await store.trades.createTrades(trades.slice(2));
      await settle();

      const bound = { marketId, asOfMs: 1_791_000_000_000 };
      const found = await store.trades.findTrades({ ...bound, sort: "asc", limit: 10 });

      expect(found.map(({ tradeId }) => tradeId)).toEqual(inOrder(trades.slice(0, 2)));
      expect((await store.trades.aggregateTrades(bound)).n).toBe(2);
      const later = { marketId, ingestedAfterMs: bound.asOfMs };
      const rest = await store.trades.findTrades({ ...later, sort: "asc", limit: 10 });
      expect(rest.map(({ tradeId }) => tradeId)).toEqual(inOrder(trades.slice(2)));
    });

    it("tells of the whole query how many trades there are, and from when to when", async () => {
      const { store, settle } = open();
      const { marketId, trades } = tradesOnDays([0, 1, 2], 2);
      await store.trades.createTrades(trades);
      await settle();
      const times = trades.map(({ tsSeconds }) => tsSeconds * 1_000);
      const [firstMs, lastMs] = [Math.min(...times), Math.max(...times)];

      expect(await store.trades.countTrades({ marketId })).toBe(6);
      expect(await store.trades.findSpan({ marketId }, EXACT)).toEqual({ firstMs, lastMs });
      for (const nothing of [{ marketId, toMs: firstMs }, { marketId: freshIds().marketId }]) {
        expect(await store.trades.countTrades(nothing)).toBe(0);
        expect(await store.trades.findSpan(nothing, EXACT)).toBeNull();
      }
    });

    it("tells where what was ingested later lies, a second after it can be seen at most", async () => {
      const { store, clock, settle } = open();
      const { marketId, assetId } = freshIds();
      const at = (day: number) => aTrade({ marketId, assetId, tsSeconds: START_SECONDS + day * 86_400 });
      clock.nowMs = 1_791_000_000_000;
      await store.trades.createTrades([at(0), at(1), at(2)]);
      await settle();
      const later = { marketId, ingestedAfterMs: clock.nowMs };
      expect(await store.trades.findSpan(later, ROUGH)).toBeNull();

      clock.nowMs += 500;
      const late = aTrade({ marketId, assetId, size: 7, tsSeconds: START_SECONDS + 86_400 });
      await store.trades.createTrades([late]);
      await settle();
      const atMs = tradeTsMs(late);
      expect(await store.trades.findSpan(later, EXACT)).toEqual({ firstMs: atMs, lastMs: atMs });
      clock.nowMs += 500;

      expect(await store.trades.findSpan(later, ROUGH)).toEqual({ firstMs: atMs, lastMs: atMs });
      expect(await store.trades.findSpan({ ...later, ingestedAfterMs: clock.nowMs }, ROUGH)).toBeNull();
    });

    it("sums the whole query in exact millionths", async () => {
      const { store, settle } = open();
      const { marketId, assetId } = freshIds();
      const rows = [86_400, 0, 0].map((offset) =>
        aTradeRow({ marketId, assetId, price: 0.1, size: 0.3, tsSeconds: START_SECONDS + offset }),
      );
      const trades = numberEqualTrades().number(rows, { rowSet: "taker", receivedAtMs: 1_000 });
      const huge = { price: 1, size: 4_000_000_000.000_001, tsSeconds: START_SECONDS + 9 };
      const big = aTrade({ marketId, assetId, ...huge });
      await store.trades.createTrades([...trades, big]);
      await settle();

      const sum = await store.trades.aggregateTrades({ marketId, rowSet: "taker" });

      expect(sum).toEqual({ n: 4, volume: 4_000_000_000_900_001, notional: 4_000_000_000_090_001 });
      expect(await store.trades.aggregateTrades({ marketId: freshIds().marketId })).toEqual({
        n: 0,
        volume: 0,
        notional: 0,
      });
    });

    it("reads taker trades of exactly the given minutes, also right after they were written", async () => {
      const { store } = open();
      const { marketId, assetId, otherAssetId } = freshIds();
      const minute = Math.ceil((START_SECONDS * 1_000) / DAY_MS) * DAY_MS - MINUTE_MS;
      const at = (tsMs: number, changes: Partial<Trade> = {}) =>
        aTrade({ marketId, assetId, tsSeconds: tsMs / 1_000, ...changes });
      const wanted = [
        at(minute),
        at(minute + 59_000),
        at(minute + MINUTE_MS),
        at(minute, { assetId: otherAssetId }),
      ];
      const others = [
        at(minute - 1_000),
        at(minute + 2 * MINUTE_MS),
        at(minute + MINUTE_MS, { assetId: otherAssetId }),
        { ...at(minute, { size: 77 }), rowSet: "all" as const },
      ];
      await store.trades.createTrades([...wanted, ...others]);

      const read = await store.trades.readMinutes([
        { assetId, openTimeMs: minute },
        { assetId, openTimeMs: minute + MINUTE_MS },
        { assetId: otherAssetId, openTimeMs: minute },
        { assetId: otherAssetId, openTimeMs: minute + 400 * DAY_MS },
      ]);

      expect(inOrder(read)).toEqual(inOrder(wanted));
    });

    it("reads thousands of trades of thousands of minutes, each once", async () => {
      const { store } = open();
      const { marketId, assetId } = freshIds();
      const rows = Array.from({ length: 12_000 }, (_, i) =>
        aTradeRow({
          marketId,
          assetId: `${assetId}${i % 40}`,
          tsSeconds: START_SECONDS + (i % 3 === 0 ? 0 : (i % 4_000) * 60),
        }),
      );
      const trades = numberEqualTrades().number(
        rows.sort((a, b) => b.tsSeconds - a.tsSeconds),
        { rowSet: "taker", receivedAtMs: 1_000 },
      );
      const created = await store.trades.createTrades(trades);
      const minutes = new Map(
        trades.map((trade) => {
          const openTimeMs = Math.floor(tradeTsMs(trade) / MINUTE_MS) * MINUTE_MS;
          return [`${trade.assetId}|${openTimeMs}`, { assetId: trade.assetId, openTimeMs }];
        }),
      );

      const read = await store.trades.readMinutes([...minutes.values()]);

      expect(created).toEqual({ stored: 12_000, repeated: 0 });
      expect(minutes.size).toBeGreaterThan(3_000);
      expect(read).toHaveLength(12_000);
      expect(inOrder(read)).toEqual(inOrder(trades));
    });

    it("names the event days that hold trades, oldest first", async () => {
      const { store } = open();
      const { trades } = tradesOnDays([30, 33], 1);
      await store.trades.createTrades(trades);

      const days = await store.trades.storedDays();

      const first = Math.floor((START_SECONDS * 1_000) / DAY_MS) * DAY_MS + 30 * DAY_MS;
      expect(days).toEqual([...days].sort((a, b) => a - b));
      expect(days).toEqual(expect.arrayContaining([first, first + 3 * DAY_MS]));
    });
  });
}
