import {
  CANDLE_INTERVAL_MS,
  type Candle,
  type CandleInterval,
  foldTrades,
  MINUTE_MS,
  mergeCandles,
  type Trade,
  type TradeRow,
  windowStart,
} from "@polytape/market-model";
import { aMarket } from "@polytape/market-model/testing";
import { anApi, NOW } from "./an-api.ts";
import { tradesOf } from "./store-trades.ts";

/** Stores one market, some trades of it, and their candles, as the builder would make them. */
export async function anApiWithCandles(rows: readonly Partial<TradeRow>[], interval: CandleInterval = "1m") {
  const api = await anApi();
  await api.store.markets.storeMarkets([aMarket()], NOW - 10_000);
  const trades = tradesOf(rows);
  await api.store.trades.createTrades(trades);
  const candles = candlesOf(trades, interval);
  await api.store.candles.writeCandles(candles.map((candle) => ({ candle, rev: 0, replaces: null })));
  return api;
}

export function candlesOf(trades: readonly Trade[], interval: CandleInterval): Candle[] {
  const minutes = grouped(trades, ({ tsSeconds }) => windowStart(tsSeconds * 1_000, MINUTE_MS)).map(
    foldTrades,
  );
  if (interval === "1m") return minutes;
  const lengthMs = CANDLE_INTERVAL_MS[interval];
  return grouped(minutes, ({ openTimeMs }) => windowStart(openTimeMs, lengthMs)).map((group) =>
    mergeCandles(group, interval),
  );
}

function grouped<T>(values: readonly T[], keyOf: (value: T) => number): T[][] {
  const groups = new Map<number, T[]>();
  for (const value of values) groups.set(keyOf(value), [...(groups.get(keyOf(value)) ?? []), value]);
  return [...groups.values()];
}
