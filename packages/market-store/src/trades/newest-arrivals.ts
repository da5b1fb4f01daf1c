import { type EpochMs, SECOND_MS } from "@polytape/market-model";
import { z } from "zod";
import { briefMemory } from "../brief-memory.ts";
import { readAnswer } from "../opensearch/answers.ts";
import type { StoreConnection } from "../opensearch/connection.ts";
import type { IndexNames } from "../opensearch/index-names.ts";
import { searchStore } from "../opensearch/search.ts";

/** As long as it takes at most until a search sees a write. */
const KEEP_MS = SECOND_MS;
/** More than the days of the longest retention (36,500), and below what the server gives at most (65,535). */
const INDICES_MAX = 40_000;

const arrivalsAnswer = z.object({
  aggregations: z
    .object({
      indices: z.object({
        buckets: z
          .array(z.object({ key: z.string(), newest: z.object({ value: z.number().nullable() }) }))
          .default([]),
      }),
    })
    .default({ indices: { buckets: [] } }),
});

/** What several views of one store remember together; each reads by its own connection, which may be given up. */
export interface NewestArrivals {
  /**
   * When the newest row of each event day was ingested, by the day's start, as searches saw it within the last second;
   * days without rows are absent.
   */
  read(store: StoreConnection): Promise<ReadonlyMap<EpochMs, EpochMs>>;
}

/**
 * One look for all who ask within a second. The server remembers its part of each day to which nothing was added, so it
 * costs what today's rows do: a walk over three months need not search all of them for what came since its first page.
 */
export function newestArrivals(names: IndexNames, now: () => EpochMs): NewestArrivals {
  const remembered = briefMemory<ReadonlyMap<EpochMs, EpochMs>>(now, KEEP_MS);

  async function fetchArrivals(store: StoreConnection): Promise<ReadonlyMap<EpochMs, EpochMs>> {
    const answer = await searchStore(store, {
      index: names.tradesPattern,
      missingIsEmpty: true,
      paths: ["aggregations.indices.buckets.key", "aggregations.indices.buckets.newest.value"],
      body: {
        size: 0,
        track_total_hits: false,
        aggs: {
          indices: {
            terms: { field: "_index", size: INDICES_MAX },
            aggs: { newest: { max: { field: "ingested_at" } } },
          },
        },
      },
    });
    const { buckets } = readAnswer(arrivalsAnswer, answer, "the newest arrivals").aggregations.indices;
    return new Map(buckets.flatMap(({ key, newest }) => entryOf(names.dayOfTrades(key), newest.value)));
  }

  return { read: (store) => remembered(() => fetchArrivals(store)) };
}

function entryOf(day: EpochMs | null, newest: EpochMs | null): [EpochMs, EpochMs][] {
  return day === null || newest === null ? [] : [[day, newest]];
}
