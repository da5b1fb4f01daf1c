import { createHash } from "node:crypto";
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
  const digest = createHash("sha256")
    .update(`t1\n${tradeRowKey(row)}\n${occurrence}`)
    .digest();
  return {
    tradeId: digest.toString("base64url", 0, 16),
    tie: digest.readUIntBE(0, 6) * 16 + ((digest[6] ?? 0) >> 4),
  };
}
