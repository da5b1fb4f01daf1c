import { DAY_MS, type EpochMs } from "@polytape/market-model";
import { indexNames } from "@polytape/market-store";
import type { BenchGround } from "./bench-ground.ts";
import type { RawRequest } from "./raw-http.ts";
import { ASKED_MARKET, assetId, marketId } from "./week-of-trades.ts";

/** One question, asked of the API and of OpenSearch in its best direct form. */
export interface ReadQuestion {
  readonly name: string;
  readonly api: RawRequest;
  readonly direct: RawRequest;
}

/**
 * The direct form is the one search that finds the same documents, asked only of the index that holds them,
 * read as columns where that is faster, its answer trimmed: what somebody would send who knows OpenSearch and
 * needs neither keys nor coverage.
 */
export function readQuestions({ stack, apiKey }: BenchGround, dayMs: EpochMs): ReadQuestion[] {
  const names = indexNames();
  const market = marketId(ASKED_MARKET);
  const token = assetId(ASKED_MARKET, 0);
  const api = (path: string): RawRequest => ({
    url: `${stack.urls.gateway}${path}`,
    method: "GET",
    headers: { "x-api-key": apiKey },
  });
  const direct = (index: string, body: Record<string, unknown>): RawRequest => ({
    url: `${stack.urls.openSearch}/${index}/_search?filter_path=hits.hits._id,hits.hits._source,hits.hits.fields`,
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ track_total_hits: false, ...body }),
  });
  const filter = (...clauses: Record<string, unknown>[]) => ({ bool: { filter: clauses } });
  const endMs = dayMs + DAY_MS;

  return [
    {
      name: "100 newest trades of a market",
      api: api(`/v1/trades?market_id=${market}&limit=100`),
      direct: direct(names.tradesOfDay(dayMs), {
        size: 100,
        query: filter({ term: { market_id: market } }, { term: { row_set: "taker" } }),
        sort: [{ ts: "desc" }, { tie: "desc" }],
        ...columns(TRADE_FIELDS),
      }),
    },
    {
      name: "1m candles of a day",
      api: api(`/v1/candles?market_id=${market}&outcome=0&interval=1m&from=${dayMs}&to=${endMs}`),
      direct: direct(names.candlesOfMonth(dayMs), {
        size: 1_440,
        query: filter(
          { term: { asset_id: token } },
          { term: { interval: "1m" } },
          { range: { open_time: { gte: dayMs, lt: endMs } } },
        ),
        sort: [{ open_time: "asc" }],
        stored_fields: "_none_",
        ...columns(CANDLE_FIELDS),
      }),
    },
    {
      name: "latest book",
      api: api(`/v1/orderbook?market_id=${market}&outcome=0`),
      direct: direct(names.books, {
        size: 2,
        query: filter({ term: { asset_id: token } }),
        sort: [{ ts: "desc" }],
      }),
    },
  ];
}

export const TRADE_FIELDS = [
  ...["market_id", "asset_id", "wallet", "transaction_hash", "side", "row_set"],
  ...["price", "size", "tie", "occurrence", "ts", "received_at", "ingested_at"],
];
export const CANDLE_FIELDS = [
  ...["open_time", "open", "high", "low", "close", "volume_micro", "notional_micro"],
  ...["buy_volume_micro", "sell_volume_micro", "n", "rev"],
];

export function columns(fields: readonly string[]): Record<string, unknown> {
  return { _source: false, docvalue_fields: fields };
}
