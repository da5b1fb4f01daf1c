import {
  CANDLE_INTERVAL_MS,
  CANDLE_INTERVALS,
  type Candle,
  type CandleInterval,
  foldTrades,
  MINUTE_MS,
  mergeCandles,
  type Trade,
  tradeTsMs,
  windowStart,
} from "@polytape/market-model";
import type { CandleWrite } from "@polytape/market-store";

/**
 * The candles that the builder would make of these trades, of all tokens among them. The trades of every window
 * must be whole: the API compares numbers, and calls a candle pending that lacks one.
 */
export function candlesOfTrades(
  trades: readonly Trade[],
  intervals: readonly CandleInterval[] = CANDLE_INTERVALS,
): CandleWrite[] {
  const minuteOf = (trade: Trade) => `${trade.assetId} ${windowStart(tradeTsMs(trade), MINUTE_MS)}`;
  const minutes = grouped(trades, minuteOf).map(foldTrades);
  return intervals
    .flatMap((interval) => (interval === "1m" ? minutes : merged(minutes, interval)))
    .map((candle) => ({ candle, rev: 0, replaces: null }));
}

function merged(minutes: readonly Candle[], interval: CandleInterval): Candle[] {
  const lengthMs = CANDLE_INTERVAL_MS[interval];
  const windowOf = ({ assetId, openTimeMs }: Candle) => `${assetId} ${windowStart(openTimeMs, lengthMs)}`;
  return grouped(minutes, windowOf).map((window) => mergeCandles(window, interval));
}

function grouped<Each>(values: readonly Each[], keyOf: (value: Each) => string): Each[][] {
  const groups = new Map<string, Each[]>();
  for (const value of values) {
    const group = groups.get(keyOf(value));
    if (group) group.push(value);
    else groups.set(keyOf(value), [value]);
  }
  return [...groups.values()];
}
