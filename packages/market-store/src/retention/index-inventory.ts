import type { EpochMs } from "@polytape/market-model";
import { z } from "zod";
import { readAnswer } from "../opensearch/answers.ts";
import { refreshIndices } from "../opensearch/refresh.ts";
import { searchStore } from "../opensearch/search.ts";
import type { StoreParts } from "../opensearch/store-parts.ts";
import { placeInTime } from "./place-in-time.ts";
import type { EventIndex, IndexInventory } from "./store-retention.ts";
import { writtenByAlias } from "./written-by-alias.ts";

type Parts = Pick<StoreParts, "store" | "names">;

const count = z
  .string()
  .regex(/^\d+$/)
  .transform(Number)
  .nullish()
  .transform((number) => number ?? 0);
const listAnswer = z.array(
  z.object({
    index: z.string(),
    status: z.enum(["open", "close"]),
    pri: count,
    "docs.count": count,
    "store.size": count,
  }),
);
const newest = z.object({ value: z.number().nullable() });
const endsAnswer = z.object({
  aggregations: z
    .object({
      indices: z.object({
        buckets: z.array(z.object({ key: z.string(), happened: newest, observed: newest })).default([]),
      }),
      before_now: z.object({ newest: newest.optional() }).optional(),
    })
    .optional(),
});
const newestHit = z.object({
  hits: z.object({ hits: z.array(z.object({ sort: z.array(z.number()) })).default([]) }).optional(),
});

/** Indices behind one alias that are told apart: twelve years of weekly ones. */
const ROLLED_MAX = 624;
/** Days that are looked through for the newest trade: one that has begun may still be empty. */
const NEWEST_DAYS = 3;

/** See `StoreRetention.readInventory`. */
export async function readInventory(parts: Parts, nowMs: EpochMs): Promise<IndexInventory> {
  const { names } = parts;
  const listed = await listIndices(parts, [names.tradesPattern, `${names.candles}-*`, `${names.books}-*`]);
  const [behindAlias, books] = await Promise.all([
    writtenByAlias(parts.store, names.books),
    readBooks(parts, nowMs),
  ]);
  const indices: EventIndex[] = [];
  const unreadable: string[] = [];
  for (const { name, bytes, documents } of listed) {
    const place = placeInTime(name, names);
    const written = behindAlias.get(name);
    if (place === null || (place.kind === "books" && written === undefined)) unreadable.push(name);
    else {
      const endsMs = place.kind === "books" ? (books.endsMs.get(name) ?? null) : place.toMs;
      indices.push({ name, kind: place.kind, endsMs, isWritten: written ?? false, bytes, documents });
    }
  }
  indices.sort(compareEnds);
  const newestTradeMs = await readNewestTrade(parts, indices, nowMs);
  const newestEventMs = Math.max(newestTradeMs ?? -Infinity, books.newestMs ?? -Infinity);
  return {
    indices,
    unreadable: unreadable.sort(),
    newestEventMs: Number.isFinite(newestEventMs) ? newestEventMs : null,
  };
}

export interface ListedIndex {
  readonly name: string;
  readonly primaries: number;
  readonly bytes: number;
  /** Null: it is closed. */
  readonly documents: number | null;
}

/** Patterns that match nothing list nothing. */
export async function listIndices(
  { store }: Parts,
  patterns: readonly string[],
): Promise<readonly ListedIndex[]> {
  const { body } = await store.request({
    method: "GET",
    path: `/_cat/indices/${patterns.join(",")}`,
    query: {
      format: "json",
      bytes: "b",
      h: "index,status,pri,docs.count,store.size",
      expand_wildcards: "open,closed",
    },
  });
  return readAnswer(listAnswer, body, "the list of indices").map((each) => ({
    name: each.index,
    primaries: each.pri,
    bytes: each["store.size"],
    documents: each.status === "close" ? null : each["docs.count"],
  }));
}

interface BookTimes {
  readonly endsMs: ReadonlyMap<string, EpochMs>;
  readonly newestMs: EpochMs | null;
}

/** One search for all rolled indices, after a refresh: what was written last decides how long one is kept. */
async function readBooks({ store, names }: Parts, nowMs: EpochMs): Promise<BookTimes> {
  const pattern = `${names.books}-*`;
  await refreshIndices(store, [pattern]);
  const answer = await searchStore(store, {
    index: pattern,
    missingIsEmpty: true,
    paths: ["aggregations"],
    body: {
      size: 0,
      track_total_hits: false,
      aggs: {
        indices: {
          terms: { field: "_index", size: ROLLED_MAX },
          aggs: { happened: { max: { field: "ts" } }, observed: { max: { field: "observed_at" } } },
        },
        before_now: {
          filter: { range: { ts: { lte: nowMs } } },
          aggs: { newest: { max: { field: "ts" } } },
        },
      },
    },
  });
  const { aggregations } = readAnswer(endsAnswer, answer, "the newest books");
  return {
    newestMs: aggregations?.before_now?.newest?.value ?? null,
    endsMs: new Map(
      (aggregations?.indices.buckets ?? []).flatMap(({ key, happened, observed }) =>
        happened.value === null
          ? []
          : [[key, Math.max(happened.value, observed.value ?? happened.value) + 1] as const],
      ),
    ),
  };
}

async function readNewestTrade(
  { store }: Parts,
  indices: readonly EventIndex[],
  nowMs: EpochMs,
): Promise<EpochMs | null> {
  const days = indices
    .filter(({ kind, documents }) => kind === "trades" && documents !== null && documents > 0)
    .filter(({ endsMs }) => endsMs !== null && endsMs - DAY_MS <= nowMs)
    .slice(-NEWEST_DAYS);
  if (days.length === 0) return null;
  const answer = await searchStore(store, {
    index: days.map(({ name }) => name).join(","),
    missingIsEmpty: true,
    paths: ["hits.hits.sort"],
    body: {
      size: 1,
      track_total_hits: false,
      _source: false,
      query: { range: { ts: { lte: nowMs } } },
      sort: [{ ts: "desc" }],
    },
  });
  return readAnswer(newestHit, answer, "the newest trade").hits?.hits[0]?.sort[0] ?? null;
}

const DAY_MS = 86_400_000;

function compareEnds(a: EventIndex, b: EventIndex): number {
  const byEnd = (a.endsMs ?? Number.MAX_SAFE_INTEGER) - (b.endsMs ?? Number.MAX_SAFE_INTEGER);
  if (byEnd !== 0) return byEnd;
  return a.name < b.name ? -1 : 1;
}
