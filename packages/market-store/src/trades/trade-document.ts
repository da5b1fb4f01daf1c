import {
  type EpochMs,
  notionalMillionths,
  SECOND_MS,
  type StoredTrade,
  sizeMillionths,
  type Trade,
  tradeTsMs,
} from "@polytape/market-model";
import type { BulkLine } from "../opensearch/bulk.ts";
import { type ColumnHit, readColumns } from "../opensearch/columns.ts";
import { storeRefused } from "../store-errors.ts";

/**
 * A document of `trades_v1-…`, written by hand because this is the hottest path of the tape: no object is
 * built only to be taken apart again. The id is the trade's; it is not stored a second time as a field.
 */
export function tradeLine(trade: Trade, index: string, ingestedAtMs: EpochMs): BulkLine {
  return {
    action: `{"create":{"_index":"${index}","_id":${quoted(trade.tradeId)}}}`,
    source:
      `{"market_id":${quoted(trade.marketId)},"asset_id":${quoted(trade.assetId)}` +
      `,"wallet":${quoted(trade.wallet)},"transaction_hash":${quoted(trade.transactionHash)}` +
      `,"side":"${trade.side}","row_set":"${trade.rowSet}","price":${trade.price},"size":${trade.size}` +
      `,"size_micro":${sizeMillionths(trade)},"notional_micro":${notionalMillionths(trade)}` +
      `,"ts":${tradeTsMs(trade)},"tie":${trade.tie},"occurrence":${trade.occurrence}` +
      `,"received_at":${trade.receivedAtMs},"ingested_at":${ingestedAtMs}}`,
  };
}

/** Hex, decimal and base64url digits: what these texts are made of, and what JSON takes as it is. */
const PLAIN = /^[\w-]*$/;

function quoted(text: string): string {
  return PLAIN.test(text) ? `"${text}"` : JSON.stringify(text);
}

const TEXTS = ["market_id", "asset_id", "wallet", "transaction_hash", "side", "row_set"];
const NUMBERS = ["price", "size", "tie", "occurrence"];
const MOMENTS = ["ts", "received_at", "ingested_at"];

/** What a search is to return of each trade. */
export const TRADE_COLUMNS = [
  ...[...TEXTS, ...NUMBERS].map((field) => ({ field })),
  ...MOMENTS.map((field) => ({ field, format: "epoch_millis" })),
];

/**
 * A trade from a search's hit. Checked by hand, field by field: a schema costs several times as much, and
 * every candle is folded from what is read here. Throws `store_refused` for a document that does not fit.
 */
export function tradeOf(hit: ColumnHit): StoredTrade {
  const { text, number, moment } = readColumns(hit, "a trade");
  const { _id: id } = hit;
  if (typeof id !== "string") throw unreadable(id, "_id");
  const side = text("side");
  const rowSet = text("row_set");
  return {
    tradeId: id,
    marketId: text("market_id"),
    assetId: text("asset_id"),
    wallet: text("wallet"),
    transactionHash: text("transaction_hash"),
    side: side === "buy" || side === "sell" ? side : fail(id, "side"),
    rowSet: rowSet === "taker" || rowSet === "all" ? rowSet : fail(id, "row_set"),
    price: number("price"),
    size: number("size"),
    tsSeconds: moment("ts") / SECOND_MS,
    tie: number("tie"),
    occurrence: number("occurrence"),
    receivedAtMs: moment("received_at"),
    ingestedAtMs: moment("ingested_at"),
  };
}

function fail(id: unknown, field: string): never {
  throw unreadable(id, field);
}

function unreadable(id: unknown, field: string) {
  return storeRefused("to be understood: a trade", { id, field });
}
