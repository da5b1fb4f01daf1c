import {
  type EpochMs,
  identifyTrade,
  notionalMillionths,
  SECOND_MS,
  type StoredTrade,
  sizeMillionths,
  type Trade,
  type TradeRow,
  tradeTsMs,
} from "@polytape/market-model";
import type { TradeFilter } from "../market-store.ts";
import type { BulkLine } from "../opensearch/bulk.ts";
import { type ColumnHit, type NumberColumn, numbersOf, textOf } from "../opensearch/columns.ts";
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

/** What a filter fixes needs not be read from each row. */
export type FixedTexts = Pick<TradeFilter, "marketId" | "assetId" | "side" | "rowSet">;

/** The text columns that a search is to return of each trade. */
export function tradeTexts(fixed: FixedTexts): string[] {
  const columns = {
    market_id: fixed.marketId,
    asset_id: fixed.assetId,
    side: fixed.side,
    row_set: fixed.rowSet,
  };
  const open = Object.entries(columns).filter(([, value]) => value === undefined);
  return [...open.map(([field]) => field), "wallet", "transaction_hash"];
}

/** What decides the order of trades. */
export const TRADE_PLACE = [
  ["ts", "date"],
  ["tie", "long"],
] as const satisfies readonly NumberColumn[];

/** The other numbers of a trade. */
export const TRADE_NUMBERS = [
  ["price", "double"],
  ["size", "double"],
  ["occurrence", "integer"],
  ["received_at", "date"],
  ["ingested_at", "date"],
] as const satisfies readonly NumberColumn[];

const ALL_NUMBERS = [...TRADE_PLACE, ...TRADE_NUMBERS] as const;
const WHAT = "a trade";

/**
 * A trade from a search's hit. Its id is made of the row that it stands for, unless the hit names it: of all that a page
 * takes the store, unpacking a hundred ids is a fifth. Null: the row's tie tells that it was stored under an id of
 * another making, which has to be read. Checked by hand, field by field: a schema costs several times as much, and
 * every candle is folded from what is read here. Throws `store_refused` for a document that does not fit.
 */
export function tradeOf(hit: ColumnHit, fixed: FixedTexts): StoredTrade | null {
  const [tsMs, tie, price, size, occurrence, receivedAtMs, ingestedAtMs] = numbersOf(hit, ALL_NUMBERS, {
    what: WHAT,
  });
  const side = fixed.side ?? textOf(hit, "side", WHAT);
  const rowSet = fixed.rowSet ?? textOf(hit, "row_set", WHAT);
  const row: TradeRow = {
    marketId: fixed.marketId ?? textOf(hit, "market_id", WHAT),
    assetId: fixed.assetId ?? textOf(hit, "asset_id", WHAT),
    wallet: textOf(hit, "wallet", WHAT),
    transactionHash: textOf(hit, "transaction_hash", WHAT),
    side: side === "buy" || side === "sell" ? side : fail(hit, "side"),
    price,
    size,
    tsSeconds: tsMs / SECOND_MS,
  };
  const tradeId = typeof hit._id === "string" ? hit._id : idByTie(row, occurrence, tie);
  if (tradeId === null) return null;
  return {
    tradeId,
    ...row,
    rowSet: rowSet === "taker" || rowSet === "all" ? rowSet : fail(hit, "row_set"),
    tie,
    occurrence,
    receivedAtMs,
    ingestedAtMs,
  };
}

/** Id and tie are of one digest: whose tie agrees, his id does. */
function idByTie(row: TradeRow, occurrence: number, tie: number): string | null {
  const made = identifyTrade(row, occurrence);
  return made.tie === tie ? made.tradeId : null;
}

function fail({ _id: id }: ColumnHit, field: string): never {
  throw storeRefused(`to be understood: ${WHAT}`, { id, field });
}
