import { DAY_MS, type EpochMs, SECOND_MS, toRfc3339 } from "@polytape/market-model";
import { briefMemory } from "@polytape/market-store";
import { coverageBlockOf } from "../../completeness/coverage-block.ts";
import { REFRESH_LAG_MS } from "../../http/page-cursor.ts";
import { momentOrNull } from "../../http/parameters.ts";
import type { ApiParts } from "../../http/route.ts";
import { newestBook, newestMarket, newestTrade } from "./stream-freshness.ts";
import { readUpstreamFreshness } from "./upstream-freshness.ts";

export const STREAMS = ["trades", "books", "markets"] as const;

/** What there is to tell of the tape as a whole, the same for all who ask. */
export type TapeFreshness = Awaited<ReturnType<typeof readFreshness>>;

/** Less than the two seconds for which an answer says that it may be used again. */
const KEPT_MS = SECOND_MS;

type Readers = Pick<ApiParts, "store" | "completeness">;

/**
 * Looks at the tape, remembered together for a second, and each says when it was made. Every question looks with its own
 * readers, so that one that is given up ends its own look and nobody else's.
 */
export function createTapeFreshness(now: () => EpochMs): (readers: Readers) => Promise<TapeFreshness> {
  const remembered = briefMemory<TapeFreshness>(now, KEPT_MS);
  return (readers) => remembered((askedMs) => readFreshness(readers, askedMs));
}

async function readFreshness({ store, completeness }: Readers, nowMs: EpochMs) {
  const toMs = nowMs - REFRESH_LAG_MS;
  const range = { fromMs: toMs - DAY_MS, toMs, openStart: false };
  const [trades, books, markets, upstream, ...timelines] = await Promise.all([
    newestTrade(store),
    newestBook(store),
    newestMarket(store, nowMs),
    readUpstreamFreshness(store, nowMs),
    ...STREAMS.map((each) => completeness.timeline({ stream: each }, range.fromMs, range.toMs)),
  ]);
  const newest = { trades, books, markets };
  return {
    now: toRfc3339(nowMs),
    streams: STREAMS.map((each, place) => {
      const { newestMs, ingestedMs, ingestLagMs } = newest[each];
      return {
        stream: each,
        newest_ts: momentOrNull(newestMs),
        newest_ingested_at: momentOrNull(ingestedMs),
        // The venue's clock may be ahead of ours by drift.
        lag_ms: newestMs === null ? null : Math.max(0, nowMs - newestMs),
        ingest_lag_ms: ingestLagMs,
        coverage: coverageBlockOf(timelines[place] ?? [], range),
      };
    }),
    upstream,
  };
}
