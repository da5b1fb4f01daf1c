import { hash } from "node:crypto";
import { type Millionths, toMillionths } from "./millionths.ts";
import { type EpochMs, SECOND_MS } from "./time.ts";

/** The taker's side. */
export type Side = "buy" | "sell";

/** Which feed a row came from: takers only (one row per taker order and settlement), or makers too. */
export type RowSet = "taker" | "all";

/** A trade as the upstream states it: no id, and two of them may be equal in every field. */
export interface TradeRow {
  /** Condition id, lower case. */
  readonly marketId: string;
  /** Token id in decimal. */
  readonly assetId: string;
  /** Lower case. */
  readonly wallet: string;
  /** Lower case. */
  readonly transactionHash: string;
  readonly side: Side;
  /** USDC per share. */
  readonly price: number;
  /** Shares. */
  readonly size: number;
  /** Event time: the block's, whole seconds since the epoch. */
  readonly tsSeconds: number;
}

/** A row with its place among equal rows, and so with an identity. */
export interface Trade extends TradeRow {
  readonly tradeId: string;
  /** Unique number that breaks ties within one second. Order everywhere: (ts, tie). */
  readonly tie: number;
  /** 0 for the first of equal rows within one second of event time, 1 for the next … */
  readonly occurrence: number;
  readonly rowSet: RowSet;
  /** When the upstream's answer that held the row arrived. */
  readonly receivedAtMs: EpochMs;
}

/** A trade as the store returns it. */
export interface StoredTrade extends Trade {
  /** When it was written. */
  readonly ingestedAtMs: EpochMs;
}

/** Event time in milliseconds. */
export function tradeTsMs(row: Pick<TradeRow, "tsSeconds">): EpochMs {
  return row.tsSeconds * SECOND_MS;
}

/** Shares in millionths. */
export function sizeMillionths(row: Pick<TradeRow, "size">): Millionths {
  return toMillionths(row.size);
}

/** Price × size in millionths of USDC. */
export function notionalMillionths(row: Pick<TradeRow, "price" | "size">): Millionths {
  return toMillionths(row.price * row.size);
}

/** All that tells a row from others, one value a line: equal rows have equal keys. Numbers as `String(Number(x))`. */
export function tradeRowKey(row: TradeRow): string {
  return `${row.transactionHash}\n${row.marketId}\n${row.assetId}\n${row.wallet}\n${row.side}\n${row.price}\n${row.size}\n${row.tsSeconds}`;
}

/**
 * The identity of the k-th of equal rows: base64url of the first 16 bytes of a SHA-256, and its top 52
 * bits as a number. `t1` names this recipe; a changed recipe gets another name. (design 7.1)
 */
export function identifyTrade(row: TradeRow, occurrence: number): { tradeId: string; tie: number } {
  const digits = hash("sha256", `t1\n${tradeRowKey(row)}\n${occurrence}`, "base64url");
  return { tradeId: firstSixteenBytes(digits), tie: top52Bits(digits) };
}

/*
 * A digest as text and read digit by digit (6 bits each) takes half the time of one as bytes, and a walk
 * spends more on its digests than on anything else.
 */
const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const VALUES: readonly number[] = Array.from({ length: 128 }, (_, code) =>
  Math.max(0, DIGITS.indexOf(String.fromCharCode(code))),
);

/** 128 bits: 21 digits, and of the next one its upper two bits. */
function firstSixteenBytes(digits: string): string {
  return digits.slice(0, 21) + (DIGITS[valueAt(digits, 21) & 0b110000] ?? "");
}

/** 8 digits, and of the next one its upper four bits: below 2^53, so exact. */
function top52Bits(digits: string): number {
  let bits = 0;
  for (let place = 0; place < 8; place += 1) bits = bits * 64 + valueAt(digits, place);
  return bits * 16 + (valueAt(digits, 8) >> 2);
}

function valueAt(digits: string, place: number): number {
  return VALUES[digits.charCodeAt(place)] ?? 0;
}
