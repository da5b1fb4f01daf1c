/**
 * The domain: markets, trades, books, candles, coverage, time. Pure: no I/O, no clock, no randomness,
 * and nothing imported from the other packages.
 */
export * from "./book.ts";
export * from "./candle.ts";
export * from "./coverage.ts";
export * from "./coverage-paint.ts";
export * from "./coverage-timeline.ts";
export * from "./errors.ts";
export * from "./market.ts";
export * from "./millionths.ts";
export * from "./number-equal-trades.ts";
export * from "./rejection.ts";
export * from "./time.ts";
export * from "./trade.ts";
export * from "./without-credentials.ts";
