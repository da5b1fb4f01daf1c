import type { EpochMs } from "@polytape/market-model";
import { z } from "zod";
import type { WindowCountsQuery } from "../market-store.ts";
import { readAnswer } from "../opensearch/answers.ts";
import { tradeClauses } from "./trade-search.ts";

/** Trimmed away by `filter_path` when nothing was found. */
const answerSchema = z.object({
  aggregations: z
    .object({
      windows: z
        .object({ buckets: z.array(z.object({ key: z.number(), doc_count: z.number() })).default([]) })
        .default({ buckets: [] }),
    })
    .default({ windows: { buckets: [] } }),
});

export const WINDOW_COUNT_PATHS = ["key", "doc_count"].map((name) => `aggregations.windows.buckets.${name}`);

/**
 * No rows and no total: only then is the answer of a shard that does not change remembered by the server.
 * Intervals are aligned to the epoch there as here.
 */
export function windowCountsBody(query: WindowCountsQuery): Record<string, unknown> {
  const { interval, ...filter } = query;
  return {
    size: 0,
    track_total_hits: false,
    query: { bool: { filter: tradeClauses({ ...filter, rowSet: "taker" }) } },
    aggs: { windows: { date_histogram: { field: "ts", fixed_interval: interval, min_doc_count: 1 } } },
  };
}

export function windowCountsOf(answer: unknown): Map<EpochMs, number> {
  const { buckets } = readAnswer(answerSchema, answer, "counts of trades").aggregations.windows;
  return new Map(buckets.map(({ key, doc_count }) => [key, doc_count]));
}
