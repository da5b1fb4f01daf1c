import { inMemoryBus } from "@polytape/event-bus/in-memory";
import { type RowSet, type TradeRow, tradeRowKey } from "@polytape/market-model";
import { aTradeRow } from "@polytape/market-model/testing";
import { inMemoryStore } from "@polytape/market-store/in-memory";
import type { TestFeed } from "./a-feed.ts";
import { collectTrades } from "./collect-trades.ts";

export const start = 1_790_000_000;
export const SETTLE = 600;
const silent = { info: () => {}, warn: () => {}, error: () => {} };

/** Three rows in each of `seconds` seconds, newest first; two of them are equal. */
export function someRows(seconds: number, newestSecond = start): TradeRow[] {
  return Array.from({ length: seconds * 3 }, (_, index) =>
    aTradeRow({ tsSeconds: newestSecond - Math.floor(index / 3), price: index % 3 === 0 ? 0.5 : 0.6 }),
  );
}

export function aSettler(
  first: TestFeed,
  options: {
    pagesMax?: number;
    tailPagesMax?: number;
    lagSeconds?: number;
    isWhole?: boolean;
    rowSet?: RowSet;
  } = {},
) {
  const store = inMemoryStore({ now: () => world.nowMs });
  const bus = inMemoryBus();
  const world = {
    feed: first,
    nowMs: (start + 10) * 1_000,
    lagSeconds: options.lagSeconds ?? 4,
    onPause: async () => {},
  };
  const run = () =>
    collectTrades({
      source: {
        readTradePage: (query) => world.feed.readTradePage(query),
        readStatus: async () => ({ lagSeconds: world.lagSeconds, computedAtMs: world.nowMs }),
      },
      store,
      bus,
      feed: { name: "live", rowSet: options.rowSet ?? "taker", isWhole: options.isWhole ?? true },
      budget: { pagesMax: options.tailPagesMax ?? 100, batchRowsMax: 5_000 },
      settle: {
        afterSeconds: SETTLE,
        everySeconds: 60,
        pagesMax: options.pagesMax ?? 100,
        upstreamLagSecondsMax: 60,
      },
      pause: async () => world.onPause(),
      now: () => world.nowMs,
      signal: new AbortController().signal,
      log: silent,
    });
  return {
    store,
    bus,
    world,
    run,
    stored: () => store.trades.findTrades({ sort: "desc", limit: 10_000 }),
    states: async (fromSeconds: number, toSeconds: number) => {
      const span = { fromMs: fromSeconds * 1_000, toMs: toSeconds * 1_000 };
      const timeline = await store.coverage.readTimeline({ stream: "trades", ...span });
      return timeline.map(({ state }) => state);
    },
    causes: async (fromSeconds: number, toSeconds: number) => {
      const span = { fromMs: fromSeconds * 1_000, toMs: toSeconds * 1_000 };
      const timeline = await store.coverage.readTimeline({ stream: "trades", ...span });
      return timeline.map(({ cause }) => cause);
    },
    intervals: async (state: string) =>
      (await store.coverage.findIntervals({ fromMs: 0, toMs: 2e12, limit: 1_000 })).filter(
        (each) => each.state === state,
      ),
  };
}

export function multiset(rows: readonly TradeRow[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const row of rows) counts[tradeRowKey(row)] = (counts[tradeRowKey(row)] ?? 0) + 1;
  return counts;
}
