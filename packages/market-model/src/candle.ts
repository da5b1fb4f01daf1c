import { createHash } from "node:crypto";
import { PolytapeError } from "./errors.ts";
import { addMillionths, type Millionths } from "./millionths.ts";
import { CANDLE_INTERVAL_MS, type CandleInterval, type EpochMs, windowStart } from "./time.ts";
import { notionalMillionths, sizeMillionths, type Trade, tradeTsMs } from "./trade.ts";

/**
 * What the taker trades of one outcome token did in one window: a pure function of those trades, so a
 * rebuild gives the same candle byte for byte. Exists only for windows with trades. (design 7.3)
 */
export interface Candle {
  readonly marketId: string;
  readonly assetId: string;
  readonly interval: CandleInterval;
  readonly openTimeMs: EpochMs;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  /** Shares. */
  readonly volume: Millionths;
  /** USDC. */
  readonly notional: Millionths;
  readonly buyVolume: Millionths;
  readonly sellVolume: Millionths;
  /** Number of trades. */
  readonly n: number;
  /** Tells which trades went in: equal hashes mean equal candles. */
  readonly tradeSetHash: string;
}

/** Order within a window: event time, then tie. It is not the order of matching, which nobody publishes. */
export function compareTrades(a: Trade, b: Trade): number {
  return a.tsSeconds - b.tsSeconds || a.tie - b.tie;
}

/**
 * The 1m candle of one token's trades of one minute, in any order.
 * Throws `not_one_window` when they are none, of several tokens, or of several minutes.
 */
export function foldTrades(trades: readonly Trade[]): Candle {
  const ordered = [...trades].sort(compareTrades);
  const first = ordered[0];
  const last = ordered.at(-1);
  if (!first || !last) throw notOneWindow("no trades");
  const openTimeMs = windowStart(tradeTsMs(first), CANDLE_INTERVAL_MS["1m"]);
  if (windowStart(tradeTsMs(last), CANDLE_INTERVAL_MS["1m"]) !== openTimeMs)
    throw notOneWindow("several minutes");

  let high = first.price;
  let low = first.price;
  let notional = 0;
  let buyVolume = 0;
  let sellVolume = 0;
  const hash = createHash("sha256");
  for (const trade of ordered) {
    if (trade.assetId !== first.assetId) throw notOneWindow("several tokens");
    high = Math.max(high, trade.price);
    low = Math.min(low, trade.price);
    notional = addMillionths(notional, notionalMillionths(trade));
    if (trade.side === "buy") buyVolume = addMillionths(buyVolume, sizeMillionths(trade));
    else sellVolume = addMillionths(sellVolume, sizeMillionths(trade));
    hash.update(trade.tradeId);
  }
  return {
    marketId: first.marketId,
    assetId: first.assetId,
    interval: "1m",
    openTimeMs,
    open: first.price,
    high,
    low,
    close: last.price,
    volume: addMillionths(buyVolume, sellVolume),
    notional,
    buyVolume,
    sellVolume,
    n: ordered.length,
    tradeSetHash: shortHash(hash),
  };
}

/**
 * The candle of a longer interval from all 1m candles in it, in any order; exact, because sums are integers.
 * Throws `not_one_window` when they are none, of several tokens, or of several windows.
 */
export function mergeCandles(minutes: readonly Candle[], interval: CandleInterval): Candle {
  const ordered = [...minutes].sort((a, b) => a.openTimeMs - b.openTimeMs);
  const first = ordered[0];
  const last = ordered.at(-1);
  if (!first || !last) throw notOneWindow("no candles");
  const openTimeMs = windowStart(first.openTimeMs, CANDLE_INTERVAL_MS[interval]);
  if (windowStart(last.openTimeMs, CANDLE_INTERVAL_MS[interval]) !== openTimeMs)
    throw notOneWindow("several windows");
  if (ordered.some((candle) => candle.assetId !== first.assetId)) throw notOneWindow("several tokens");

  const hash = createHash("sha256");
  for (const candle of ordered) hash.update(`${candle.openTimeMs} ${candle.tradeSetHash}\n`);
  const sum = (of: (candle: Candle) => Millionths) => ordered.map(of).reduce(addMillionths, 0);
  return {
    marketId: first.marketId,
    assetId: first.assetId,
    interval,
    openTimeMs,
    open: first.open,
    high: Math.max(...ordered.map((candle) => candle.high)),
    low: Math.min(...ordered.map((candle) => candle.low)),
    close: last.close,
    volume: sum((candle) => candle.volume),
    notional: sum((candle) => candle.notional),
    buyVolume: sum((candle) => candle.buyVolume),
    sellVolume: sum((candle) => candle.sellVolume),
    n: ordered.reduce((n, candle) => n + candle.n, 0),
    tradeSetHash: shortHash(hash),
  };
}

function shortHash(hash: ReturnType<typeof createHash>): string {
  return hash.digest().toString("base64url", 0, 16);
}

function notOneWindow(what: string): PolytapeError {
  return new PolytapeError(
    "bug",
    "not_one_window",
    `A candle is made of one token's one window, not of ${what}.`,
  );
}
