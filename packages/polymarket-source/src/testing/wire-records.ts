import type { PolymarketBook, PolymarketMarket, PolymarketTrade, PolymarketTradeV1 } from "../wire/index.ts";

/** Builders of wire records with invented values: name only what the test is about. */
export function aWireTrade(changes: Partial<PolymarketTrade> = {}): PolymarketTrade {
  return {
    proxy_wallet: `0x${"b2".repeat(20)}`,
    side: "BUY",
    token_id: "1001",
    condition_id: `0x${"a1".repeat(32)}`,
    size: 10,
    price: 0.6,
    timestamp: 1_790_000_000,
    transaction_hash: `0x${"c3".repeat(32)}`,
    ...changes,
  };
}

export function aWireTradeV1(changes: Partial<PolymarketTradeV1> = {}): PolymarketTradeV1 {
  const { proxy_wallet, token_id, condition_id, transaction_hash, ...same } = aWireTrade();
  const ids = { proxyWallet: proxy_wallet, asset: token_id, conditionId: condition_id };
  return { ...same, ...ids, transactionHash: transaction_hash, ...changes };
}

export function aWireTradePage(
  rows: readonly unknown[],
  nextCursor: string | null = null,
): Record<string, unknown> {
  return {
    data: rows,
    pagination: { limit: 100, offset: 0, has_more: nextCursor !== null, next_cursor: nextCursor },
  };
}

export function aWireMarket(changes: Partial<PolymarketMarket> = {}): PolymarketMarket {
  return {
    id: "500001",
    conditionId: `0x${"a1".repeat(32)}`,
    slug: "will-it-rain-tomorrow",
    question: "Will it rain tomorrow?",
    description: "Resolves Yes if it rains.",
    closed: false,
    outcomes: '["Yes", "No"]',
    outcomePrices: '["0.6", "0.4"]',
    clobTokenIds: '["1001", "1002"]',
    createdAt: "2026-09-01T10:00:00.123456Z",
    updatedAt: "2026-09-02T10:00:00Z",
    endDate: "2026-12-01T00:00:00Z",
    orderPriceMinTickSize: 0.01,
    orderMinSize: 5,
    negRisk: false,
    acceptingOrders: true,
    volume: "1000.5",
    volumeNum: 1000.5,
    volume24hr: 100,
    liquidity: "500",
    liquidityNum: 500,
    tags: [{ slug: "weather" }, { slug: "recurring" }],
    ...changes,
  };
}

export function aWireBook(changes: Partial<PolymarketBook> = {}): PolymarketBook {
  return {
    market: `0x${"a1".repeat(32)}`,
    asset_id: "1001",
    timestamp: "1790000000123",
    hash: "0".repeat(40),
    bids: [
      { price: "0.58", size: "50" },
      { price: "0.59", size: "100" },
    ],
    asks: [
      { price: "0.65", size: "10" },
      { price: "0.61", size: "80" },
    ],
    min_order_size: "5",
    tick_size: "0.01",
    neg_risk: false,
    last_trade_price: "0.600",
    ...changes,
  };
}
