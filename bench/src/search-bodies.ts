import type { CandleInterval, EpochMs } from "@polytape/market-model";

/** Clauses of a filter, and whatever else a search is to say. */
export type Clause = Readonly<Record<string, unknown>>;
export type SearchBody = Readonly<Record<string, unknown>>;

/** What an answer says of a trade beside its id. */
const TRADE_FIELDS = ["market_id", "asset_id", "wallet", "transaction_hash", "side", "price", "size", "ts"];
const CANDLE_FIELDS = [
  ...["open_time", "open", "high", "low", "close", "volume_micro", "notional_micro"],
  ...["buy_volume_micro", "sell_volume_micro", "n", "rev"],
];

/** The newest taker rows, read as columns. */
export function newestTrades(size: number, clauses: readonly Clause[], more: SearchBody = {}): SearchBody {
  return {
    size,
    track_total_hits: false,
    query: filter(...clauses, { term: { row_set: "taker" } }),
    sort: [{ ts: "desc" }, { tie: "desc" }],
    ...columns(TRADE_FIELDS),
    ...more,
  };
}

/** Volume and notional of the rows found, beside their number. */
export const TRADE_SUMS: SearchBody = {
  track_total_hits: true,
  aggs: { volume: { sum: { field: "size_micro" } }, notional: { sum: { field: "notional_micro" } } },
};

/** The sums alone, of taker rows. */
export function tradeSums(clauses: readonly Clause[]): SearchBody {
  return { size: 0, query: filter(...clauses, { term: { row_set: "taker" } }), ...TRADE_SUMS };
}

export interface Series {
  readonly assetId: string;
  readonly interval: CandleInterval;
  readonly fromMs: EpochMs;
  readonly toMs: EpochMs;
}

/** A series of candles in order of time, read as columns alone. */
export function candleSeries({ assetId, interval, fromMs, toMs }: Series, size: number): SearchBody {
  return {
    size,
    track_total_hits: false,
    query: filter(
      { term: { asset_id: assetId } },
      { term: { interval } },
      { range: { open_time: { gte: fromMs, lt: toMs } } },
    ),
    sort: [{ open_time: "asc" }],
    stored_fields: "_none_",
    ...columns(CANDLE_FIELDS),
  };
}

/** The newest documents of a token's books; two make a book. */
export function newestBooks(assetId: string, size: number): SearchBody {
  return {
    size,
    track_total_hits: false,
    query: filter({ term: { asset_id: assetId } }),
    sort: [{ ts: "desc" }],
  };
}

export function filter(...clauses: readonly Clause[]): SearchBody {
  return { bool: { filter: clauses } };
}

function columns(fields: readonly string[]): SearchBody {
  return { _source: false, docvalue_fields: fields };
}
