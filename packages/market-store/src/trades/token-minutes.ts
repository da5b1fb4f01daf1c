import { DAY_MS, type EpochMs, windowStart } from "@polytape/market-model";
import { z } from "zod";
import type { DayMarketsQuery, TokenMinute, TokenMinutesQuery, TradeTape } from "../market-store.ts";
import { readAnswer } from "../opensearch/answers.ts";
import { refreshIndices } from "../opensearch/refresh.ts";
import { searchStore } from "../opensearch/search.ts";
import type { StoreParts } from "../opensearch/store-parts.ts";
import { tradeClauses } from "./trade-search.ts";

const minutesAnswer = pagesOf(z.object({ asset: z.string(), minute: z.number() }));
const marketsAnswer = pagesOf(z.object({ market: z.string() }));

/**
 * Lists what there are trades of, page by page, without reading the trades: the server walks its columns and
 * returns the distinct values in order, so a page costs the trades of its range and day, never the history.
 */
export function tradeLists({
  store,
  names,
}: Pick<StoreParts, "store" | "names">): Pick<TradeTape, "listTokenMinutes" | "listMarketIds"> {
  async function listDistinct(index: string, clauses: readonly unknown[], composite: object) {
    return searchStore(store, {
      index,
      missingIsEmpty: true,
      paths: ["aggregations.found.buckets.key"],
      body: {
        size: 0,
        track_total_hits: false,
        query: { bool: { filter: clauses } },
        aggs: { found: { composite } },
      },
    });
  }

  return {
    async listTokenMinutes(query) {
      const indices = daysOf(query).map((dayMs) => names.tradesOfDay(dayMs));
      if (indices.length === 0) return [];
      if (!query.after) await refreshIndices(store, indices);
      const { marketId, fromMs, toMs } = query;
      const clauses = tradeClauses({ marketId, rowSet: "taker", fromMs, toMs });
      const answer = await listDistinct(indices.join(","), clauses, minutesPage(query));
      const { buckets } = readAnswer(minutesAnswer, answer, "minutes with trades").aggregations.found;
      return buckets.map(({ key }) => ({ assetId: key.asset, openTimeMs: key.minute }));
    },

    async listMarketIds(query) {
      const clauses =
        query.ingestedFromMs === undefined ? [] : [{ range: { ingested_at: { gte: query.ingestedFromMs } } }];
      const answer = await listDistinct(names.tradesOfDay(query.dayMs), clauses, marketsPage(query));
      const { buckets } = readAnswer(marketsAnswer, answer, "markets with trades").aggregations.found;
      return buckets.map(({ key }) => key.market);
    },
  };
}

function minutesPage({ limit, after }: TokenMinutesQuery): object {
  return {
    size: limit,
    sources: [
      { asset: { terms: { field: "asset_id" } } },
      { minute: { date_histogram: { field: "ts", fixed_interval: "1m" } } },
    ],
    ...(after && { after: { asset: after.assetId, minute: after.openTimeMs } }),
  };
}

function marketsPage({ limit, after }: DayMarketsQuery): object {
  return {
    size: limit,
    sources: [{ market: { terms: { field: "market_id" } } }],
    ...(after !== undefined && { after: { market: after } }),
  };
}

/** The event days of a range. */
function daysOf({ fromMs, toMs }: { fromMs: EpochMs; toMs: EpochMs }): EpochMs[] {
  const days: EpochMs[] = [];
  for (let day = windowStart(fromMs, DAY_MS); day < toMs; day += DAY_MS) days.push(day);
  return days;
}

/** The order of `listTokenMinutes`; ids of tokens are digits, so texts compare as the server's bytes do. */
export function compareTokenMinutes(a: TokenMinute, b: TokenMinute): number {
  if (a.assetId !== b.assetId) return a.assetId < b.assetId ? -1 : 1;
  return a.openTimeMs - b.openTimeMs;
}

/** Trimmed away by `filter_path` when nothing was found. */
function pagesOf<Key>(key: z.ZodType<Key>) {
  const found = z.object({ buckets: z.array(z.object({ key })).default([]) });
  return z.object({
    aggregations: z.object({ found: found.default({ buckets: [] }) }).default({ found: { buckets: [] } }),
  });
}
