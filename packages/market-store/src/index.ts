/**
 * The tape's memory: markets, trades, candles, books and the bookkeeping about them. The only place that
 * knows OpenSearch.
 */
export * from "./books/last-seen.ts";
export * from "./candles/candle-id.ts";
export * from "./market-store.ts";
