import {
  type CandleInterval,
  DAY_MS,
  type EpochMs,
  PolytapeError,
  tradeTsMs,
  windowStart,
} from "@polytape/market-model";
import { indexNames } from "@polytape/market-store";
import { z } from "zod";
import type { BenchGround } from "../bench-ground.ts";
import {
  candleSeries,
  filter,
  newestBooks,
  newestTrades,
  type SearchBody,
  TRADE_SUMS,
} from "../search-bodies.ts";
import { assetId, marketId } from "../week-of-trades.ts";
import { ASKED_MARKETS, type FilledMonth } from "./fill-read-load.ts";

/** A search sent straight to OpenSearch. */
export interface DirectSearch {
  /** With its query string. */
  readonly path: string;
  /** Absent: a document read by its id. */
  readonly body?: Readonly<Record<string, unknown>>;
}

/** One endpoint with one way of asking it, in the variants that are asked in turn. */
export interface LoadQuestion {
  readonly name: string;
  readonly paths: readonly string[];
  /** The closest single request that finds the same; null: nothing stored is asked. */
  readonly direct: readonly DirectSearch[] | null;
}

const AGGREGATED_DAYS = 7;
/** As deep as a page can be named. */
const DEPTH_MAX = 10_000;
const DEPTH_STEP = 1_000;
const DOCUMENTS = "filter_path=hits.hits._id,hits.hits._source";
const COLUMNS = "filter_path=hits.hits._id,hits.hits.fields,hits.hits.sort,hits.total.value,aggregations";

/** Every endpoint. Asks the API once for the cursors. */
export async function loadQuestions(ground: BenchGround, month: FilledMonth): Promise<LoadQuestion[]> {
  const places = await Promise.all(ASKED_MARKETS.map((market) => placeDeepIn(ground, marketId(market))));
  return [
    ...catalogueQuestions(),
    ...tradeQuestions(month, places),
    ...seriesQuestions(month),
    ...ownQuestions(month),
  ];
}

function catalogueQuestions(): LoadQuestion[] {
  const { markets } = indexNames();
  return [
    {
      name: "/v1/markets",
      paths: ["/v1/markets?limit=100"],
      direct: [
        search(markets, DOCUMENTS, {
          size: 100,
          sort: [{ close_time: { order: "desc", missing: 0 } }, { market_id: "asc" }],
        }),
      ],
    },
    {
      name: "/v1/markets/{id}",
      paths: ASKED_MARKETS.map((market) => `/v1/markets/${marketId(market)}`),
      direct: ASKED_MARKETS.map((market) => ({ path: `/${markets}/_doc/${marketId(market)}` })),
    },
  ];
}

function tradeQuestions({ dayMs, toMs }: FilledMonth, places: readonly DeepPlace[]): LoadQuestion[] {
  const names = indexNames();
  const fromMs = toMs - AGGREGATED_DAYS * DAY_MS;
  const week = Array.from({ length: AGGREGATED_DAYS }, (_, day) => names.tradesOfDay(fromMs + day * DAY_MS));
  const page = (id: string, more: SearchBody = {}, ...clauses: SearchBody[]) =>
    newestTrades(100, [{ term: { market_id: id } }, ...clauses], more);
  const ids = ASKED_MARKETS.map(marketId);
  return [
    {
      name: "/v1/trades, first page",
      paths: ids.map((id) => `/v1/trades?market_id=${id}&limit=100`),
      direct: ids.map((id) => search(names.tradesOfDay(dayMs), COLUMNS, page(id))),
    },
    {
      name: "/v1/trades, deep cursor",
      paths: places.map(({ id, cursor }) => `/v1/trades?market_id=${id}&limit=100&cursor=${cursor}`),
      direct: places.map(({ id, days, after }) =>
        search(days.map(names.tradesOfDay).join(","), COLUMNS, page(id, { search_after: after })),
      ),
    },
    {
      name: "/v1/trades, with aggregates",
      paths: ids.map(
        (id) => `/v1/trades?market_id=${id}&limit=100&from=${fromMs}&to=${toMs}&aggregates=volume,notional`,
      ),
      direct: ids.map((id) =>
        search(week.join(","), COLUMNS, page(id, TRADE_SUMS, { range: { ts: { gte: fromMs, lt: toMs } } })),
      ),
    },
  ];
}

function seriesQuestions({ fromMs, dayMs, toMs }: FilledMonth): LoadQuestion[] {
  const names = indexNames();
  const candles = (interval: CandleInterval, sinceMs: EpochMs, size: number) => ({
    paths: ASKED_MARKETS.map(
      (market) =>
        `/v1/candles?market_id=${marketId(market)}&outcome=0&interval=${interval}&from=${sinceMs}&to=${toMs}`,
    ),
    direct: ASKED_MARKETS.map((market) =>
      search(
        monthsOf(sinceMs, toMs),
        "filter_path=hits.hits.fields",
        candleSeries({ assetId: assetId(market, 0), interval, fromMs: sinceMs, toMs }, size),
      ),
    ),
  });
  return [
    {
      name: "/v1/orderbook",
      paths: ASKED_MARKETS.map((market) => `/v1/orderbook?market_id=${marketId(market)}&outcome=0`),
      direct: ASKED_MARKETS.map((market) =>
        search(names.books, DOCUMENTS, newestBooks(assetId(market, 0), 2)),
      ),
    },
    { name: "/v1/candles, 1m of a day", ...candles("1m", dayMs, 1_440) },
    { name: "/v1/candles, 1h of a month", ...candles("1h", fromMs, 720) },
  ];
}

function monthsOf(fromMs: EpochMs, toMs: EpochMs): string {
  const names = indexNames();
  return [...new Set([names.candlesOfMonth(fromMs), names.candlesOfMonth(toMs - 1)])].join(",");
}

function ownQuestions({ dayMs, toMs }: FilledMonth): LoadQuestion[] {
  const names = indexNames();
  return [
    {
      name: "/v1/coverage",
      paths: ASKED_MARKETS.map(
        (market) => `/v1/coverage?market_id=${marketId(market)}&from=${dayMs}&to=${toMs}`,
      ),
      direct: [
        search(names.coverage, DOCUMENTS, {
          size: 1_000,
          query: filter({ range: { from: { lt: toMs } } }, { range: { to: { gt: dayMs } } }),
          sort: [{ day: "asc" }, { from: "asc" }],
        }),
      ],
    },
    { name: "/v1/me", paths: ["/v1/me"], direct: null },
    {
      name: "/v1/status",
      paths: ["/v1/status"],
      direct: [search(names.tradesOfDay(dayMs), COLUMNS, newestTrades(1, []))],
    },
  ];
}

interface DeepPlace {
  readonly id: string;
  readonly cursor: string;
  /** Its day and the one before, where the next hundred rows are. */
  readonly days: readonly EpochMs[];
  readonly after: readonly [number, number];
}

const cursorAnswer = z.object({ next_cursor: z.string() });

/** Behind half of what is stored of a market, or as far as a page can be named. */
async function placeDeepIn({ stack, http, store, apiKey }: BenchGround, id: string): Promise<DeepPlace> {
  const { n } = await store.trades.aggregateTrades({ marketId: id, rowSet: "taker" });
  const limit = Math.min(DEPTH_STEP, Math.floor(n / 4));
  const page = Math.max(1, (Math.min(DEPTH_MAX, Math.floor(n / 2)) / limit) | 0);
  const question = { marketId: id, rowSet: "taker", sort: "desc", limit: 1 } as const;
  const [last] = await store.trades.findTrades({ ...question, offset: page * limit - 1 });
  const { status, text } = await http.send({
    url: `${stack.urls.gateway}/v1/trades?market_id=${id}&limit=${limit}&page=${page}`,
    method: "GET",
    headers: { "x-api-key": apiKey },
  });
  if (!last || status !== 200)
    throw new PolytapeError(
      "operating",
      "no_cursor",
      `No place ${page * limit} deep in ${id}: ${status} ${text}`,
    );
  const dayMs = windowStart(tradeTsMs(last), DAY_MS);
  return {
    id,
    cursor: encodeURIComponent(cursorAnswer.parse(JSON.parse(text)).next_cursor),
    days: [dayMs, dayMs - DAY_MS],
    after: [tradeTsMs(last), last.tie],
  };
}

function search(index: string, paths: string, body: Readonly<Record<string, unknown>>): DirectSearch {
  return { path: `/${index}/_search?${paths}`, body: { track_total_hits: false, ...body } };
}
