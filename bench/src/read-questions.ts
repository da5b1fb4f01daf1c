import { DAY_MS, type EpochMs } from "@polytape/market-model";
import { indexNames } from "@polytape/market-store";
import type { BenchGround } from "./bench-ground.ts";
import type { RawRequest } from "./raw-http.ts";
import { candleSeries, newestBooks, newestTrades, type SearchBody } from "./search-bodies.ts";
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
  const direct = (index: string, body: SearchBody): RawRequest => ({
    url: `${stack.urls.openSearch}/${index}/_search?filter_path=hits.hits._id,hits.hits._source,hits.hits.fields`,
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const endMs = dayMs + DAY_MS;

  return [
    {
      name: "100 newest trades of a market",
      api: api(`/v1/trades?market_id=${market}&limit=100`),
      direct: direct(names.tradesOfDay(dayMs), newestTrades(100, [{ term: { market_id: market } }])),
    },
    {
      name: "1m candles of a day",
      api: api(`/v1/candles?market_id=${market}&outcome=0&interval=1m&from=${dayMs}&to=${endMs}`),
      direct: direct(
        names.candlesOfMonth(dayMs),
        candleSeries({ assetId: token, interval: "1m", fromMs: dayMs, toMs: endMs }, 1_440),
      ),
    },
    {
      name: "latest book",
      api: api(`/v1/orderbook?market_id=${market}&outcome=0`),
      direct: direct(names.books, newestBooks(token, 2)),
    },
  ];
}
