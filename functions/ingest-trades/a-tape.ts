import { inMemoryBus } from "@polytape/event-bus/in-memory";
import { type TradeRow, tradeRowKey } from "@polytape/market-model";
import { aTradeRow } from "@polytape/market-model/testing";
import { inMemoryStore } from "@polytape/market-store/in-memory";
import type { TestFeed } from "./a-feed.ts";
import { type IngestTradesParts, ingestTrades } from "./ingest-trades.ts";

export const start = 1_790_000_000;
const silent = { info: () => {}, warn: () => {}, error: () => {} };

/** `count` rows, newest first, `perSecond` of them in each second, each third equal to its neighbour. */
export function someRows(count: number, { newestSecond = start, perSecond = 3 } = {}): TradeRow[] {
  return Array.from({ length: count }, (_, index) =>
    aTradeRow({
      tsSeconds: newestSecond - Math.floor(index / perSecond),
      price: index % 3 === 0 ? 0.5 : 0.6,
    }),
  );
}

export function aTape(source: TestFeed, budget = { pagesMax: 20, batchRowsMax: 5_000 }) {
  const store = inMemoryStore();
  const bus = inMemoryBus();
  const parts: IngestTradesParts = {
    source,
    store,
    bus,
    feed: { name: "live", rowSet: "taker", isWhole: true },
    budget,
    now: () => 1_800_000_000_000,
    signal: new AbortController().signal,
    log: silent,
  };
  const run = (changes: Partial<IngestTradesParts> = {}) => ingestTrades({ ...parts, ...changes });
  const stored = () => store.trades.findTrades({ sort: "desc", limit: 10_000 });
  return { store, bus, run, stored };
}

/** Truth is the feed itself, as a multiset: nothing lost, nothing twice, nothing invented. */
export function multiset(rows: readonly TradeRow[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const row of rows) counts[tradeRowKey(row)] = (counts[tradeRowKey(row)] ?? 0) + 1;
  return counts;
}
