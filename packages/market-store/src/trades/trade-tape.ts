import {
  DAY_MS,
  type EpochMs,
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
import { type ColumnHit, columnHits } from "../opensearch/columns.ts";
import type { IndexNames } from "../opensearch/index-names.ts";
import { refreshIndices } from "../opensearch/refresh.ts";
import { searchStore } from "../opensearch/search.ts";
import type { StoreParts } from "../opensearch/store-parts.ts";
import { checkResultWindow, RESULT_WINDOW_MAX } from "../store-errors.ts";
import { minuteClauses, minuteSearches } from "./minute-search.ts";
import { type StoredDays, storedDays } from "./stored-days.ts";
import { tradeLists } from "./token-minutes.ts";
import { tradeLine, tradeOf } from "./trade-document.ts";
import { dayGroups, daysWithin, tradeClauses, tradeSearchBody } from "./trade-search.ts";
import { WINDOW_COUNT_PATHS, windowCountsBody, windowCountsOf } from "./window-counts.ts";

const HIT_PATHS = ["hits.total.value", "hits.hits._id", "hits.hits.fields", "hits.hits.sort"];

const sumAnswer = z.object({
  hits: z.object({ total: z.object({ value: z.number() }) }),
  aggregations: z.object({
    volume: z.object({ value: z.number().nullable() }),
    notional: z.object({ value: z.number().nullable() }),
  }),
});

const surveyAnswer = z.object({
  hits: z.object({ total: z.object({ value: z.number() }) }),
  aggregations: z.object({
    first: z.object({ value: z.number().nullable() }),
    last: z.object({ value: z.number().nullable() }),
  }),
});

/** Trades in one index per event day, each created once under an id computed from the trade. */
export function tradeTape(
  { store, names, now, ready }: StoreParts,
  days: StoredDays = storedDays(names, now),
): TradeTape {
  function daysPath(dayList: readonly EpochMs[]): string {
    return dayList.map((day) => names.tradesOfDay(day)).join(",");
  }

  /** The indices that can hold rows of a question; null: there are none. */
  async function indicesWithin(filter: TradeFilter): Promise<string | null> {
    const within = daysWithin(await days.list(store), filter);
    if (within.length === 0) return null;
    return within.length > DAYS_NAMED_MAX ? names.tradesPattern : daysPath(within);
  }

  async function search(dayList: readonly EpochMs[], body: Record<string, unknown>): Promise<Hits> {
    const answer = await searchStore(store, {
      index: daysPath(dayList),
      missingIsEmpty: true,
      paths: HIT_PATHS,
      body,
    });
    return hitsOf(answer);
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
      for (const trade of trades) days.noteWritten(windowStart(tradeTsMs(trade), DAY_MS));
      return { stored: outcome.written, repeated: outcome.conflicts.length };
    },

    async findTrades(query) {
      checkResultWindow(query);
      const clauses = tradeClauses(query);
      const found: StoredTrade[] = [];
      let skip = query.offset ?? 0;
      for (const group of dayGroups(await days.list(store), query)) {
        const page = pageOf(query, { skip, missing: query.limit - found.length });
        const { hits, total } = await search(group, tradeSearchBody(query, clauses, page));
        for (const hit of hits) found.push(tradeOf(hit, query));
        if (found.length >= query.limit) break;
        skip = hits.length > 0 ? 0 : skip - total;
      }
      return found;
    },

    async aggregateTrades(query) {
      const index = await indicesWithin(query);
      if (index === null) return { n: 0, volume: 0, notional: 0 };
      const answer = await searchStore(store, {
        index,
        missingIsEmpty: true,
        paths: ["hits.total.value", "aggregations.*.value"],
        body: sumBody(query),
      });
      const { hits, aggregations } = readAnswer(sumAnswer, answer, "the sums of trades");
      return {
        n: hits.total.value,
        volume: exactSum(aggregations.volume.value ?? 0),
        notional: exactSum(aggregations.notional.value ?? 0),
      };
    },

    async surveyTrades(filter) {
      const index = await indicesWithin(filter);
      if (index === null) return { n: 0, firstMs: null, lastMs: null };
      const answer = await searchStore(store, {
        index,
        missingIsEmpty: true,
        paths: ["hits.total.value", "aggregations.*.value"],
        body: surveyBody(filter),
      });
      const { hits, aggregations } = readAnswer(surveyAnswer, answer, "the survey of trades");
      return { n: hits.total.value, firstMs: aggregations.first.value, lastMs: aggregations.last.value };
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
        await readAll(minuteClauses({ dayMs, stretches }), (body) => search([dayMs], body), read);
      return read;
    },

    storedDays: async () => [...(await days.list(store))],
  };
}

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

interface Hits {
  readonly hits: readonly ColumnHit[];
  readonly total: number;
}

function hitsOf(body: unknown): Hits {
  const total = (body as { hits?: { total?: { value?: unknown } } } | null)?.hits?.total?.value;
  return { hits: columnHits(body), total: typeof total === "number" ? total : 0 };
}

/** Rows to skip are counted, so that the next group of days knows how many of them are left. */
function pageOf(query: TradeQuery, at: { skip: number; missing: number }) {
  return {
    size: at.missing,
    from: at.skip,
    after: query.after,
    countUpTo: at.skip > 0 ? RESULT_WINDOW_MAX : (false as const),
  };
}

/** What all searches for minutes ask for. */
const TAKERS = { rowSet: "taker" } as const;

/** Rows of one page when all are read: a page of ten thousand takes tens of megabytes while it is read. */
const ALL_AT_ONCE_MAX = 4_000;

/** All rows of one day's search, page by page, in order of (ts, tie). */
async function readAll(
  clauses: readonly Record<string, unknown>[],
  search: (body: Record<string, unknown>) => Promise<Hits>,
  into: StoredTrade[],
): Promise<void> {
  let after: TradePosition | undefined;
  for (;;) {
    const page = { size: ALL_AT_ONCE_MAX, from: 0, after, countUpTo: false as const };
    const { hits } = await search(tradeSearchBody({ sort: "asc", ...TAKERS }, clauses, page));
    for (const hit of hits) into.push(tradeOf(hit, TAKERS));
    const last = into.at(-1);
    if (hits.length < ALL_AT_ONCE_MAX || !last) return;
    after = [tradeTsMs(last), last.tie];
  }
}

function sumBody(filter: TradeFilter): Record<string, unknown> {
  return {
    size: 0,
    track_total_hits: true,
    query: { bool: { filter: tradeClauses(filter) } },
    aggs: { volume: { sum: { field: "size_micro" } }, notional: { sum: { field: "notional_micro" } } },
  };
}

function surveyBody(filter: TradeFilter): Record<string, unknown> {
  return {
    size: 0,
    track_total_hits: true,
    query: { bool: { filter: tradeClauses(filter) } },
    aggs: { first: { min: { field: "ts" } }, last: { max: { field: "ts" } } },
  };
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
