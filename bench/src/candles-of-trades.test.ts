import { DAY_MS, HOUR_MS, MINUTE_MS } from "@polytape/market-model";
import { expect, test } from "vitest";
import { candlesOfTrades } from "./candles-of-trades.ts";
import { tradeOfDay, tradesOfEachMinute } from "./week-of-trades.ts";

const DAY = 20_000 * DAY_MS;
const TRADES = 4_000;
const trades = [
  ...Array.from({ length: TRADES }, (_, n) =>
    tradeOfDay(DAY, n, { trades: TRADES, markets: 5, lengthMs: DAY_MS }),
  ),
  ...tradesOfEachMinute(1, 0, DAY),
];

test("every trade is in one candle of each interval: nothing that an API would call pending", () => {
  const written = candlesOfTrades(trades);

  for (const interval of ["1m", "5m", "1h"]) {
    const candles = written.filter(({ candle }) => candle.interval === interval);
    expect(candles.reduce((sum, { candle }) => sum + candle.n, 0)).toBe(trades.length);
  }
});

test("a trade in each minute makes a candle of each minute, and of each hour", () => {
  const { assetId } = tradesOfEachMinute(1, 0, DAY)[0] ?? {};
  const own = candlesOfTrades(trades).filter(({ candle }) => candle.assetId === assetId);
  const opens = (interval: string) =>
    own.flatMap(({ candle }) => (candle.interval === interval ? [candle.openTimeMs] : [])).sort();

  expect(opens("1m")).toEqual(Array.from({ length: 1_440 }, (_, minute) => DAY + minute * MINUTE_MS));
  expect(opens("1h")).toEqual(Array.from({ length: 24 }, (_, hour) => DAY + hour * HOUR_MS));
});

test("the same day is made of the same trades every time", () => {
  const plan = { trades: 10, markets: 5, lengthMs: DAY_MS };

  expect(tradeOfDay(DAY, 3, plan)).toEqual(tradeOfDay(DAY, 3, plan));
  expect(tradeOfDay(DAY, 3, plan).tradeId).not.toBe(tradeOfDay(DAY, 4, plan).tradeId);
});
