import { DAY_MS, MINUTE_MS, numberEqualTrades, type Trade } from "@polytape/market-model";
import { aTrade, aTradeRow } from "@polytape/market-model/testing";
import { describe, expect, it } from "vitest";
import type { TokenMinute } from "../market-store.ts";
import { freshIds, type StoreUnderTest } from "./store-under-test.ts";

const START_SECONDS = 1_780_000_000;

export function describeTradeLists(open: () => StoreUnderTest): void {
  describe("lists of trades", () => {
    it("lists the minutes of tokens with taker trades in order, page by page, also right after a write", async () => {
      const { store } = open();
      const { marketId, assetId, otherAssetId } = freshIds();
      const midnight = Math.ceil((START_SECONDS * 1_000) / DAY_MS) * DAY_MS;
      const at = (minute: number, changes: Partial<Trade> = {}) =>
        aTrade({ marketId, assetId, tsSeconds: midnight / 1_000 + minute * 60, ...changes });
      await store.trades.createTrades([
        at(-1),
        at(0),
        at(0, { tie: 7, tradeId: `${assetId}-7` }),
        at(2),
        at(-1, { assetId: otherAssetId }),
        { ...at(1), rowSet: "all" as const },
        at(-2),
        at(3),
      ]);
      const range = { marketId, fromMs: midnight - MINUTE_MS, toMs: midnight + 3 * MINUTE_MS };

      const pages: TokenMinute[][] = [];
      do {
        const after: TokenMinute | undefined = pages.at(-1)?.at(-1);
        pages.push(await store.trades.listTokenMinutes({ ...range, after, limit: 2 }));
      } while (pages.at(-1)?.length);
      const none = await store.trades.listTokenMinutes({ fromMs: 0, toMs: MINUTE_MS, limit: 5 });

      expect(pages.flat()).toEqual([
        { assetId, openTimeMs: midnight - MINUTE_MS },
        { assetId, openTimeMs: midnight },
        { assetId, openTimeMs: midnight + 2 * MINUTE_MS },
        { assetId: otherAssetId, openTimeMs: midnight - MINUTE_MS },
      ]);
      expect(pages.map(({ length }) => length)).toEqual([2, 2, 0]);
      expect(none).toEqual([]);
    });

    it("counts taker trades per window of a token, across days, and leaves out windows without any", async () => {
      const { store, settle } = open();
      const { marketId, assetId, otherAssetId } = freshIds();
      const dayMs = Date.UTC(2026, 8, 14);
      const rows = [-61, -1, 0, 30, 30, 299, 300].map((second) =>
        aTradeRow({ marketId, assetId, tsSeconds: dayMs / 1_000 + second }),
      );
      const other = aTradeRow({ marketId, assetId: otherAssetId, tsSeconds: dayMs / 1_000 });
      const number = (of: typeof rows, rowSet: "taker" | "all") =>
        numberEqualTrades().number([...of].reverse(), { rowSet, receivedAtMs: 1_000 });
      await store.trades.createTrades([
        ...number(rows, "taker"),
        ...number([other], "taker"),
        ...number([aTradeRow({ marketId, assetId, tsSeconds: dayMs / 1_000 + 10 })], "all"),
      ]);
      await settle();
      const range = { marketId, assetId, fromMs: dayMs - 60_000, toMs: dayMs + 300_000 };

      const minutes = await store.trades.countPerWindow({ ...range, interval: "1m" });
      const hours = await store.trades.countPerWindow({
        ...{ marketId, assetId, interval: "1h" },
        ...{ fromMs: dayMs - 3_600_000, toMs: dayMs + 3_600_000 },
      });
      const none = await store.trades.countPerWindow({ ...range, interval: "1m", fromMs: 0, toMs: 60_000 });

      expect([...minutes].sort()).toEqual([
        [dayMs - 60_000, 1],
        [dayMs, 3],
        [dayMs + 240_000, 1],
      ]);
      expect([...hours].sort()).toEqual([
        [dayMs - 3_600_000, 2],
        [dayMs, 5],
      ]);
      expect([...none]).toEqual([]);
    });

    it("lists the markets of one day, ascending, after an id, also only the recently ingested", async () => {
      const { store, settle, clock } = open();
      const ids = [freshIds(), freshIds(), freshIds()].map(({ marketId }) => marketId).sort();
      const dayMs = (Math.floor(START_SECONDS / 86_400) + 50) * DAY_MS;
      const storeOne = async (marketId: string | undefined, nowMs: number, day = 0) => {
        clock.nowMs = nowMs;
        const tsSeconds = dayMs / 1_000 + day * 86_400;
        await store.trades.createTrades([aTrade({ ...(marketId && { marketId }), tsSeconds })]);
      };
      await storeOne(ids[0], 1_791_000_000_000);
      await storeOne(ids[1], 1_791_000_009_000);
      await storeOne(ids[2], 1_791_000_009_000);
      await storeOne(freshIds().marketId, 1_791_000_009_000, 1);
      await settle();

      const first = await store.trades.listMarketIds({ dayMs, limit: 2 });
      const second = await store.trades.listMarketIds({ dayMs, after: first[1], limit: 2 });
      const recent = await store.trades.listMarketIds({ dayMs, ingestedFromMs: 1_791_000_009_000, limit: 9 });
      const absent = await store.trades.listMarketIds({ dayMs: dayMs + 99 * DAY_MS, limit: 9 });

      expect(first).toEqual(ids.slice(0, 2));
      expect(second).toEqual(ids.slice(2));
      expect(recent).toEqual(ids.slice(1));
      expect(absent).toEqual([]);
    });
  });
}
