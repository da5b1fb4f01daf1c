import { DAY_MS, type EpochMs, MINUTE_MS, type ObservedBook } from "@polytape/market-model";
import { type CandleWrite, indexNames } from "@polytape/market-store";
import type { BenchGround } from "./bench-ground.ts";
import { candlesOfTrades } from "./candles-of-trades.ts";
import { bulkBodies, sendBodies } from "./raw-bulk.ts";
import {
  assetId,
  marketId,
  tradeDocument,
  tradeOfDay,
  tradesOfEachMinute,
  WEEKDAY,
} from "./week-of-trades.ts";

const MARKETS = 20;
const BOOKS_A_TOKEN = 250;
const LEVELS = 25;
/** As often as books are read. */
const BOOK_INTERVAL_MS = 10_000;

/**
 * A trade in every minute of a day, the candles of it and of the other trades of those tokens, and books of the
 * last minutes: of the asked market and of some beside it.
 */
export async function storeCandlesAndBooks(ground: BenchGround, dayMs: EpochMs): Promise<void> {
  const { store, server } = ground;
  const markets = Array.from({ length: MARKETS }, (_, place) => 1 + place);
  const added = markets.flatMap((market) => tradesOfEachMinute(market, 0, dayMs));
  const names = indexNames();
  const index = names.tradesOfDay(dayMs);
  await sendBodies(ground, bulkBodies(index, added.map(tradeDocument)));
  const asked = new Set(markets.map((market) => assetId(market, 0)));
  const stored = Array.from({ length: WEEKDAY.trades }, (_, n) => tradeOfDay(dayMs, n, WEEKDAY));
  const all = [...stored.filter((trade) => asked.has(trade.assetId)), ...added];
  await store.candles.writeCandles(candlesOfTrades(all, ["1m"]));
  for (const market of markets) await store.books.storeBooks(booksOf(market, dayMs + DAY_MS));
  await server.request({ method: "POST", path: `/${index},${names.candles},${names.books}/_refresh` });
}

/** 1m candles of one token, one for every minute of the day, without trades: to fill an index with. */
export function candlesOfDay(market: number, dayMs: EpochMs): CandleWrite[] {
  return Array.from({ length: DAY_MS / MINUTE_MS }, (_, minute) => ({
    rev: 0,
    replaces: null,
    candle: {
      marketId: marketId(market),
      assetId: assetId(market, 0),
      interval: "1m",
      openTimeMs: dayMs + minute * MINUTE_MS,
      open: 0.5,
      high: 0.5 + (minute % 7) / 100,
      low: 0.5 - (minute % 5) / 100,
      close: 0.51,
      volume: 12_345_678 + minute,
      notional: 6_234_567 + minute,
      buyVolume: 12_345_678,
      sellVolume: minute,
      n: 1 + (minute % 40),
      tradeSetHash: `set-${market}-${minute}`,
    },
  }));
}

export function booksOf(market: number, endMs: EpochMs): (ObservedBook & { previousSeenAtMs: null })[] {
  return Array.from({ length: BOOKS_A_TOKEN }, (_, age) => {
    const tsMs = endMs - age * BOOK_INTERVAL_MS;
    const level = (price: number, place: number) => ({
      price: price.toFixed(3),
      size: String(100 + place + age),
    });
    return {
      marketId: marketId(market),
      assetId: assetId(market, 0),
      tsMs,
      bids: Array.from({ length: LEVELS }, (_, place) => level(0.5 - place / 1_000, place)),
      asks: Array.from({ length: LEVELS }, (_, place) => level(0.51 + place / 1_000, place)),
      hash: age.toString(16).padStart(40, "0"),
      verified: true,
      tickSize: "0.001",
      minOrderSize: "5",
      negRisk: false,
      lastTradePrice: "0.500",
      observedAtMs: tsMs + 500,
      previousSeenAtMs: null,
    };
  });
}
