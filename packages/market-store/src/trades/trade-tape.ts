import {
  DAY_MS,
  type EpochMs,
  hasCode,
  PolytapeError,
  type StoredTrade,
  type Trade,
  tradeTsMs,
  windowStart,
} from "@polytape/market-model";
import { z } from "zod";
import type { TradeFilter, TradePosition, TradeQuery, TradeTape } from "../market-store.ts";
import { readAnswer } from "../opensearch/answers.ts";
import { sendBulk } from "../opensearch/bulk.ts";
import { columnHits } from "../opensearch/columns.ts";
import type { IndexNames } from "../opensearch/index-names.ts";
import { refreshIndices } from "../opensearch/refresh.ts";
import { searchStore } from "../opensearch/search.ts";
import type { StoreParts } from "../opensearch/store-parts.ts";
import { checkResultWindow, RESULT_WINDOW_MAX, storeRefused } from "../store-errors.ts";
import { minuteClauses, minuteSearches } from "./minute-search.ts";
import { type NewestArrivals, newestArrivals } from "./newest-arrivals.ts";
import { type StoredDays, storedDays } from "./stored-days.ts";
import { tradeLists } from "./token-minutes.ts";
import { type FixedTexts, tradeLine, tradeOf } from "./trade-document.ts";
import { dayGroups, daysWithin, type TradePage, tradeClauses, tradeSearchBody } from "./trade-search.ts";
import { WINDOW_COUNT_PATHS, windowCountsBody, windowCountsOf } from "./window-counts.ts";

const HIT_PATHS = ["hits.total.value", "hits.hits._id", "hits.hits.fields", "hits.hits.sort"];

const AMOUNTS = {
  volume: { sum: { field: "size_micro" } },
  notional: { sum: { field: "notional_micro" } },
};
const EDGES = { first: { min: { field: "ts" } }, last: { max: { field: "ts" } } };
const NONE = { value: null };
const NO_TRADES = { n: 0, volume: NONE, notional: NONE, first: NONE, last: NONE };

function sumsAnswer<const Name extends string>(aggs: Readonly<Record<Name, object>>) {
  const names = z.enum(Object.keys(aggs) as Name[]);
  return z.object({
    hits: z.object({ total: z.object({ value: z.number() }) }),
    aggregations: z.record(names, z.object({ value: z.number().nullable() })).prefault({} as never),
  });
}

/** What several views of one tape remember together. */
export interface TapeMemory {
  readonly days: StoredDays;
  readonly arrivals: NewestArrivals;
}

export function tapeMemory(names: IndexNames, now: () => EpochMs): TapeMemory {
  return { days: storedDays(names, now), arrivals: newestArrivals(names, now) };
}

/** Trades in one index per event day, each created once under an id computed from the trade. */
export function tradeTape(
  { store, names, now, ready }: StoreParts,
  memory: TapeMemory = tapeMemory(names, now),
): TradeTape {
  function daysPath(dayList: readonly EpochMs[]): string {
    return dayList.map((day) => names.tradesOfDay(day)).join(",");
  }

  /** Whether a day may hold rows that came later than a moment: known of all days at once, and of those not known assumed. */
  async function laterDays(afterMs: EpochMs): Promise<IsAsked> {
    const arrivals = await memory.arrivals.read(store).catch((error: unknown) => {
      // A day that nobody asks for may be away; whether those that are asked for are, the search of them tells.
      if (hasCode(error, "store_unavailable")) return null;
      throw error;
    });
    return (day) => arrivals === null || (arrivals.get(day) ?? 0) > afterMs;
  }

  /** The indices that can hold rows of a question; null: there are none. */
  async function indicesWithin(filter: TradeFilter, isAsked: IsAsked = () => true): Promise<string | null> {
    const within = daysWithin(await memory.days.list(store), filter).filter(isAsked);
    if (within.length === 0) return null;
    return within.length > DAYS_NAMED_MAX ? names.tradesPattern : daysPath(within);
  }

  async function search(
    dayList: readonly EpochMs[],
    query: Pick<TradeQuery, "sort"> & FixedTexts,
    clauses: readonly Record<string, unknown>[],
    page: TradePage,
  ): Promise<Found> {
    async function find(named: boolean) {
      const answer = await searchStore(store, {
        index: daysPath(dayList),
        missingIsEmpty: true,
        paths: HIT_PATHS,
        body: tradeSearchBody(query, clauses, { ...page, named }),
      });
      const trades: StoredTrade[] = [];
      for (const hit of columnHits(answer)) {
        const trade = tradeOf(hit, query);
        if (trade === null) return null;
        trades.push(trade);
      }
      return { trades, total: totalOf(answer) };
    }
    const found = (await find(false)) ?? (await find(true));
    if (found) return found;
    throw storeRefused("to be understood: trades without ids", { index: daysPath(dayList) });
  }

  /** How many rows there are in all days, and a number of each aggregation; null: no day can hold some. */
  async function sumUp<const Name extends string>(
    filter: TradeFilter,
    aggs: Readonly<Record<Name, object>>,
    isAsked?: IsAsked,
  ) {
    const index = await indicesWithin(filter, isAsked);
    if (index === null) return null;
    const answer = await searchStore(store, {
      index,
      missingIsEmpty: true,
      paths: ["hits.total.value", "aggregations.*.value"],
      body: { size: 0, track_total_hits: true, query: { bool: { filter: tradeClauses(filter) } }, aggs },
    });
    const { hits, aggregations } = readAnswer(sumsAnswer(aggs), answer, "the sums of trades");
    return { n: hits.total.value, ...aggregations };
  }

  return {
    ...tradeLists({ store, names }),
    async createTrades(trades) {
      if (trades.length === 0) return { stored: 0, repeated: 0 };
      await ready();
      const dayOf = indexOfDay(names);
      // Stamped as late as possible and again for every try: readers look only at what is older than a margin.
      const lineOf = (trade: Trade) => tradeLine(trade, dayOf(trade), now());
      const outcome = await sendBulk(store, trades, lineOf);
      for (const trade of trades) memory.days.noteWritten(windowStart(tradeTsMs(trade), DAY_MS));
      return { stored: outcome.written, repeated: outcome.conflicts.length };
    },

    async findTrades(query) {
      checkResultWindow(query);
      const clauses = tradeClauses(query);
      const found: StoredTrade[] = [];
      let skip = query.offset ?? 0;
      for (const group of dayGroups(await memory.days.list(store), query)) {
        const page = pageOf(query, { skip, missing: query.limit - found.length });
        const { trades, total } = await search(group, query, clauses, page);
        for (const trade of trades) found.push(trade);
        if (found.length >= query.limit) break;
        skip = trades.length > 0 ? 0 : skip - total;
      }
      return found;
    },

    async aggregateTrades(filter) {
      const { n, volume, notional } = (await sumUp(filter, AMOUNTS)) ?? NO_TRADES;
      return { n, volume: exactSum(volume.value ?? 0), notional: exactSum(notional.value ?? 0) };
    },

    async countTrades(filter) {
      return (await sumUp(filter, {}))?.n ?? 0;
    },

    async findSpan(filter, { exact }) {
      const { ingestedAfterMs } = filter;
      const isAsked = exact || ingestedAfterMs === undefined ? undefined : await laterDays(ingestedAfterMs);
      const { first, last } = (await sumUp(filter, EDGES, isAsked)) ?? NO_TRADES;
      return first.value === null || last.value === null
        ? null
        : { firstMs: first.value, lastMs: last.value };
    },

    async countPerWindow(query) {
      const index = await indicesWithin(query);
      if (index === null) return new Map();
      const body = windowCountsBody(query);
      return windowCountsOf(
        await searchStore(store, { index, missingIsEmpty: true, paths: WINDOW_COUNT_PATHS, body }),
      );
    },

    async readMinutes(minutes) {
      const searches = minuteSearches(minutes);
      if (searches.length === 0) return [];
      await refreshIndices(
        store,
        searches.map(({ dayMs }) => names.tradesOfDay(dayMs)),
      );
      const read: StoredTrade[] = [];
      for (const { dayMs, stretches } of searches)
        await readAll((page) => search([dayMs], TAKERS, minuteClauses({ dayMs, stretches }), page), read);
      return read;
    },

    storedDays: async () => [...(await memory.days.list(store))],
  };
}

/** Which of the days that can hold rows are searched. */
type IsAsked = (day: EpochMs) => boolean;

/** Names of days in one address; more than these, and all days are asked (the filter still holds). */
const DAYS_NAMED_MAX = 64;

/** Remembers the last day's name: neighbours in a batch are nearly always of one day. */
function indexOfDay(names: IndexNames): (trade: Trade) => string {
  let last = { dayMs: Number.NaN, name: "" };
  return (trade) => {
    const dayMs = windowStart(tradeTsMs(trade), DAY_MS);
    if (dayMs !== last.dayMs) last = { dayMs, name: names.tradesOfDay(dayMs) };
    return last.name;
  };
}

interface Found {
  readonly trades: readonly StoredTrade[];
  /** How many there are, as far as they were counted. */
  readonly total: number;
}

function totalOf(body: unknown): number {
  const total = (body as { hits?: { total?: { value?: unknown } } } | null)?.hits?.total?.value;
  return typeof total === "number" ? total : 0;
}

/** Rows to skip are counted, so that the next group of days knows how many of them are left. */
function pageOf(query: TradeQuery, at: { skip: number; missing: number }): TradePage {
  return {
    size: at.missing,
    from: at.skip,
    after: query.after,
    countUpTo: at.skip > 0 ? RESULT_WINDOW_MAX : (false as const),
  };
}

/** What all searches for minutes ask for. */
const TAKERS = { rowSet: "taker", sort: "asc" } as const;

/** Rows of one page when all are read: a page of ten thousand takes tens of megabytes while it is read. */
const ALL_AT_ONCE_MAX = 4_000;

/** All rows of one day's search, page by page, in order of (ts, tie). */
async function readAll(search: (page: TradePage) => Promise<Found>, into: StoredTrade[]): Promise<void> {
  let after: TradePosition | undefined;
  for (;;) {
    const { trades } = await search({ size: ALL_AT_ONCE_MAX, from: 0, after, countUpTo: false });
    for (const trade of trades) into.push(trade);
    const last = trades.at(-1);
    if (trades.length < ALL_AT_ONCE_MAX || !last) return;
    after = [tradeTsMs(last), last.tie];
  }
}

/**
 * The server adds in doubles, which is exact for whole numbers below 2^53: 9.007 thousand million shares
 * or USDC. Beyond it nothing is said rather than something rounded.
 */
function exactSum(sum: number): number {
  if (Number.isSafeInteger(sum)) return sum;
  throw new PolytapeError("input", "amount_too_large", "A sum is too large to be exact: ask for less.", {
    facts: { sum },
  });
}
