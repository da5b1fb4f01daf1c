import type { Book } from "./book.ts";
import type { Market } from "./market.ts";
import { numberEqualTrades } from "./number-equal-trades.ts";
import type { StoredTrade, TradeRow } from "./trade.ts";

/** Builders with meaningful defaults for tests: name only what the test is about. */
export function aTradeRow(changes: Partial<TradeRow> = {}): TradeRow {
  return {
    marketId: `0x${"a1".repeat(32)}`,
    assetId: "1001",
    wallet: `0x${"b2".repeat(20)}`,
    transactionHash: `0x${"c3".repeat(32)}`,
    side: "buy",
    price: 0.6,
    size: 10,
    tsSeconds: 1_790_000_000,
    ...changes,
  };
}

export function aTrade(changes: Partial<StoredTrade> = {}): StoredTrade {
  const [trade] = numberEqualTrades().number([aTradeRow(changes)], {
    rowSet: "taker",
    receivedAtMs: 1_790_000_005_000,
  });
  if (!trade) throw new Error("one row gives one trade");
  return { ...trade, ingestedAtMs: 1_790_000_006_000, ...changes };
}

export function aMarket(changes: Partial<Market> = {}): Market {
  return {
    marketId: `0x${"a1".repeat(32)}`,
    gammaId: "500001",
    slug: "will-it-rain-tomorrow",
    title: "Will it rain tomorrow?",
    description: "Resolves Yes if it rains.",
    category: "weather",
    tags: ["weather"],
    status: "open",
    createdAtMs: 1_789_000_000_000,
    closeTimeMs: 1_795_000_000_000,
    closedAtMs: null,
    outcomes: [
      { name: "Yes", assetId: "1001", probability: 0.6, winner: null },
      { name: "No", assetId: "1002", probability: 0.4, winner: null },
    ],
    fees: null,
    tickSize: 0.01,
    minOrderSize: 5,
    negRisk: false,
    acceptingOrders: true,
    volume: 1000,
    volume24h: 100,
    liquidity: 500,
    updatedAtMs: 1_789_500_000_000,
    ...changes,
  };
}

export function aBook(changes: Partial<Book> = {}): Book {
  return {
    marketId: `0x${"a1".repeat(32)}`,
    assetId: "1001",
    tsMs: 1_790_000_000_000,
    bids: [
      { price: "0.59", size: "100" },
      { price: "0.58", size: "50" },
    ],
    asks: [{ price: "0.61", size: "80" }],
    hash: "0".repeat(40),
    verified: true,
    tickSize: "0.01",
    minOrderSize: "5",
    negRisk: false,
    lastTradePrice: "0.600",
    ...changes,
  };
}
