import {
  CANDLE_INTERVAL_MS,
  DAY_MS,
  type EpochMs,
  MINUTE_MS,
  notionalMillionths,
  type StoredTrade,
  sizeMillionths,
  tradeTsMs,
  windowStart,
} from "@polytape/market-model";
import type { TradeFilter, TradeQuery, TradeTape } from "../market-store.ts";
import { checkResultWindow } from "../store-errors.ts";
import { compareTokenMinutes } from "../trades/token-minutes.ts";

export function inMemoryTrades(now: () => EpochMs): TradeTape {
  const tape = new Map<string, StoredTrade>();

  return {
    async createTrades(trades) {
      const before = tape.size;
      for (const trade of trades)
        if (!tape.has(trade.tradeId)) tape.set(trade.tradeId, { ...trade, ingestedAtMs: now() });
      const stored = tape.size - before;
      return { stored, repeated: trades.length - stored };
    },
    async findTrades(query) {
      checkResultWindow(query);
      const inOrder =
        query.sort === "asc" ? compareStored : (a: StoredTrade, b: StoredTrade) => compareStored(b, a);
      const from = query.offset ?? 0;
      return [...tape.values()]
        .filter((trade) => matches(trade, query) && isAfter(trade, query))
        .sort(inOrder)
        .slice(from, from + query.limit);
    },
    async aggregateTrades(query) {
      const found = [...tape.values()].filter((trade) => matches(trade, query));
      const sum = (of: (trade: StoredTrade) => number) =>
        found.reduce((total, trade) => total + of(trade), 0);
      return { n: found.length, volume: sum(sizeMillionths), notional: sum(notionalMillionths) };
    },
    async countTrades(filter) {
      return [...tape.values()].filter((trade) => matches(trade, filter)).length;
    },
    async findSpan(filter) {
      const times = [...tape.values()].filter((trade) => matches(trade, filter)).map(tradeTsMs);
      return times.length === 0 ? null : { firstMs: Math.min(...times), lastMs: Math.max(...times) };
    },
    async readMinutes(minutes) {
      const wanted = new Set(minutes.map((minute) => `${minute.assetId}|${minute.openTimeMs}`));
      return [...tape.values()].filter(
        (trade) =>
          trade.rowSet === "taker" &&
          wanted.has(`${trade.assetId}|${windowStart(tradeTsMs(trade), MINUTE_MS)}`),
      );
    },
    async listTokenMinutes({ marketId, fromMs, toMs, after, limit }) {
      const found = [...tape.values()].filter((trade) =>
        matches(trade, { marketId, fromMs, toMs, rowSet: "taker" }),
      );
      const minutes = new Map(
        found.map((trade) => {
          const openTimeMs = windowStart(tradeTsMs(trade), MINUTE_MS);
          return [`${trade.assetId}|${openTimeMs}`, { assetId: trade.assetId, openTimeMs }];
        }),
      );
      return [...minutes.values()]
        .filter((minute) => !after || compareTokenMinutes(minute, after) > 0)
        .sort(compareTokenMinutes)
        .slice(0, limit);
    },
    async countPerWindow({ interval, ...filter }) {
      const counts = new Map<EpochMs, number>();
      for (const trade of tape.values()) {
        if (!matches(trade, { ...filter, rowSet: "taker" })) continue;
        const openTimeMs = windowStart(tradeTsMs(trade), CANDLE_INTERVAL_MS[interval]);
        counts.set(openTimeMs, (counts.get(openTimeMs) ?? 0) + 1);
      }
      return counts;
    },
    async listMarketIds({ dayMs, ingestedFromMs, after, limit }) {
      const found = [...tape.values()]
        .filter((trade) => matches(trade, { fromMs: dayMs, toMs: dayMs + DAY_MS }))
        .filter((trade) => trade.ingestedAtMs >= (ingestedFromMs ?? -Infinity))
        .map(({ marketId }) => marketId);
      return [...new Set(found)]
        .filter((id) => after === undefined || id > after)
        .sort()
        .slice(0, limit);
    },
    async storedDays() {
      const days = new Set([...tape.values()].map((trade) => windowStart(tradeTsMs(trade), DAY_MS)));
      return [...days].sort((a, b) => a - b);
    },
  };
}

function compareStored(a: StoredTrade, b: StoredTrade): number {
  return a.tsSeconds - b.tsSeconds || a.tie - b.tie;
}

function matches(trade: StoredTrade, filter: TradeFilter): boolean {
  const ts = tradeTsMs(trade);
  return (
    (filter.marketId ?? trade.marketId) === trade.marketId &&
    (filter.assetId ?? trade.assetId) === trade.assetId &&
    (filter.side ?? trade.side) === trade.side &&
    (filter.rowSet ?? trade.rowSet) === trade.rowSet &&
    ts >= (filter.fromMs ?? -Infinity) &&
    ts < (filter.toMs ?? Infinity) &&
    trade.ingestedAtMs <= (filter.asOfMs ?? Infinity) &&
    trade.ingestedAtMs > (filter.ingestedAfterMs ?? -Infinity)
  );
}

function isAfter(trade: StoredTrade, query: TradeQuery): boolean {
  if (!query.after) return true;
  const [tsMs, tie] = query.after;
  const distance = tradeTsMs(trade) - tsMs || trade.tie - tie;
  return query.sort === "asc" ? distance > 0 : distance < 0;
}
