import { DAY_MS, type EpochMs } from "@polytape/market-model";
import { candleSeries, newestBooks, newestTrades, type SearchBody, tradeSums } from "../search-bodies.ts";
import { assetId, marketId } from "../week-of-trades.ts";

/** A search that the API sends, in the variants that are asked in turn. */
export interface ChoiceQuestion {
  readonly name: string;
  /** What of the answer is wanted. */
  readonly paths: string;
  readonly bodies: readonly SearchBody[];
}

/** From one with a tenth of all trades to one with little more than a page of them. */
const BUSY_AND_QUIET = [1, 2, 4, 8, 20, 50, 100, 200] as const;
const PAGE = 100;
const MINUTES_A_DAY = 1_440;
/** As many as the API looks at for the latest book. */
const BOOK_DOCUMENTS = 4;
const COLUMNS = "hits.hits._id,hits.hits.fields";
const SOURCES = "hits.hits._id,hits.hits._source";

export function tradeQuestions(dayMs: EpochMs): ChoiceQuestion[] {
  const market = BUSY_AND_QUIET.map((each) => ({ term: { market_id: marketId(each) } }));
  const day = { range: { ts: { gte: dayMs, lt: dayMs + DAY_MS } } };
  // Instead of columns: what a stored source would be for.
  const asSource = { _source: true, docvalue_fields: [] };
  return [
    {
      name: "100 newest of a market",
      paths: COLUMNS,
      bodies: market.map((clause) => newestTrades(PAGE, [clause])),
    },
    {
      name: "the same as a source",
      paths: SOURCES,
      bodies: market.map((clause) => newestTrades(PAGE, [clause], asSource)),
    },
    { name: "100 newest of all", paths: COLUMNS, bodies: [newestTrades(PAGE, [])] },
    {
      name: "sums of a market's day",
      paths: "hits.total.value,aggregations.*.value",
      bodies: market.map((clause) => tradeSums([clause, day])),
    },
  ];
}

export function candleQuestions(dayMs: EpochMs, markets: readonly number[]): ChoiceQuestion[] {
  const series = { interval: "1m", fromMs: dayMs, toMs: dayMs + DAY_MS } as const;
  return [
    {
      name: "1m candles of a day",
      paths: "hits.hits.fields",
      bodies: markets.map((market) =>
        candleSeries({ ...series, assetId: assetId(market, 0) }, MINUTES_A_DAY),
      ),
    },
  ];
}

export function bookQuestions(markets: readonly number[]): ChoiceQuestion[] {
  return [
    {
      name: "latest book",
      paths: "hits.hits._source",
      bodies: markets.map((market) => newestBooks(assetId(market, 0), BOOK_DOCUMENTS)),
    },
  ];
}
