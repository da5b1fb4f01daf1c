/** The door of the package: the source, and the pure readings of single records behind it. */
export { type BookSummary, bookHash } from "./clob/book-hash.ts";
export { toBook } from "./clob/to-book.ts";
export { toTradeRow, toTradeRowV1 } from "./data-api/to-trade-row.ts";
export { CATEGORY_TOPICS, categoryOf } from "./gamma/category.ts";
export { FIND_IDS_MAX } from "./gamma/read-markets.ts";
export { toMarket } from "./gamma/to-market.ts";
export { isRejected } from "./http/rejected.ts";
export type { SourcePlatform, UpstreamUse } from "./http/upstream.ts";
export {
  type BookAnswer,
  connectPolymarket,
  type MarketPage,
  type MarketPageQuery,
  type PolymarketConnection,
  type PolymarketSettings,
  type PolymarketSource,
  type SourceOfOneRun,
  type TradePage,
  type TradePageQuery,
  type UpstreamStatus,
} from "./polymarket-source.ts";
