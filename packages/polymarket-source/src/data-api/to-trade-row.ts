import {
  type EpochMs,
  type RejectedRecord,
  SECOND_MS,
  type Side,
  type TradeRow,
} from "@polytape/market-model";
import { AHEAD_MS_MAX } from "../clock-drift.ts";
import { firstIssue } from "../http/read-as.ts";
import { type PolymarketTrade, polymarketTrade, polymarketTradeV1 } from "../wire/index.ts";

const HASH = /^0x[0-9a-f]{64}$/;
const ADDRESS = /^0x[0-9a-f]{40}$/;
/** 2^256 has 78 decimal digits. */
const TOKEN_ID = /^\d{1,78}$/;
const DECIMAL_TEXT = /^\d+(\.\d+)?(e-?\d+)?$/i;
const SIDES: Record<"BUY" | "SELL", Side> = { BUY: "buy", SELL: "sell" };

/** Polymarket's first markets are of 2020. */
const FIRST_SECOND = Date.UTC(2020, 0, 1) / SECOND_MS;
/** Beyond this, millionths of shares stop being exact integers. */
const SIZE_MAX = 9_007_199_254;

/**
 * One row of the trade feed in our words. Ids in lower case; a price is above 0 and at most 1 USDC a share
 * (recorded: 0.002 to 0.99), a size above 0. What does not hold rejects the row with the field's name.
 */
export function toTradeRow(raw: unknown, receivedAtMs: EpochMs): TradeRow | RejectedRecord {
  const outcome = polymarketTrade.safeParse(raw);
  const rejected = (reason: string): RejectedRecord => ({ kind: "trade", reason, raw, receivedAtMs });
  if (!outcome.success) return rejected(firstIssue(outcome.error));
  const row = rowOf(outcome.data);
  const fault = faultOf(row, receivedAtMs);
  return fault === null ? row : rejected(fault);
}

/** The same row as v1 serves it: other names, and whole numbers without a point. Gives the same trade. */
export function toTradeRowV1(raw: unknown, receivedAtMs: EpochMs): TradeRow | RejectedRecord {
  const outcome = polymarketTradeV1.safeParse(raw);
  const rejected = (reason: string): RejectedRecord => ({ kind: "trade", reason, raw, receivedAtMs });
  if (!outcome.success) return rejected(firstIssue(outcome.error));
  const { proxyWallet, asset, conditionId, transactionHash, ...same } = outcome.data;
  const row = rowOf({
    ...same,
    proxy_wallet: proxyWallet,
    token_id: asset,
    condition_id: conditionId,
    transaction_hash: transactionHash,
  });
  const fault = faultOf(row, receivedAtMs);
  return fault === null ? row : rejected(fault.replace(/^\w+/, (name) => V1_NAMES[name] ?? name));
}

const V1_NAMES: Readonly<Record<string, string>> = {
  proxy_wallet: "proxyWallet",
  token_id: "asset",
  condition_id: "conditionId",
  transaction_hash: "transactionHash",
};

function rowOf(wire: PolymarketTrade): TradeRow {
  return {
    marketId: wire.condition_id.toLowerCase(),
    assetId: wire.token_id,
    wallet: wire.proxy_wallet.toLowerCase(),
    transactionHash: wire.transaction_hash.toLowerCase(),
    side: SIDES[wire.side],
    price: toNumber(wire.price),
    size: toNumber(wire.size),
    tsSeconds: wire.timestamp,
  };
}

/** Whole seconds of a trade that can have been made. */
export function isTimeOfTrade(seconds: number, receivedAtMs: EpochMs): boolean {
  return seconds >= FIRST_SECOND && seconds * SECOND_MS <= receivedAtMs + AHEAD_MS_MAX;
}

function toNumber(value: number | string): number {
  if (typeof value === "number") return value;
  return DECIMAL_TEXT.test(value) ? Number(value) : Number.NaN;
}

function faultOf(row: TradeRow, receivedAtMs: EpochMs): string | null {
  if (!HASH.test(row.transactionHash)) return "transaction_hash: not 0x and 64 hex digits";
  if (!HASH.test(row.marketId)) return "condition_id: not 0x and 64 hex digits";
  if (!ADDRESS.test(row.wallet)) return "proxy_wallet: not 0x and 40 hex digits";
  if (!TOKEN_ID.test(row.assetId)) return "token_id: not a decimal token id";
  if (!(row.price > 0 && row.price <= 1)) return "price: not above 0 and at most 1";
  if (!(row.size > 0)) return "size: not above 0";
  if (row.size > SIZE_MAX) return "size: beyond exact millionths";
  if (!Number.isInteger(row.tsSeconds)) return "timestamp: not whole seconds";
  if (row.tsSeconds < FIRST_SECOND) return "timestamp: before 2020";
  if (row.tsSeconds * SECOND_MS > receivedAtMs + AHEAD_MS_MAX) return "timestamp: in the future";
  return null;
}
