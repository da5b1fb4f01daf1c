import { DAY_MS } from "@polytape/market-model";
import { z } from "zod";
import { coverageBlock, coverageBlockOf } from "../../completeness/coverage-block.ts";
import { REFRESH_LAG_MS } from "../../http/page-cursor.ts";
import { moment, momentOrNull } from "../../http/parameters.ts";
import { defineRoute } from "../../http/route.ts";
import { newestBook, newestMarket, newestTrade } from "./stream-freshness.ts";
import { readUpstreamFreshness, upstreamFreshness } from "./upstream-freshness.ts";

const STREAMS = ["trades", "books", "markets"] as const;

const stream = z
  .object({
    stream: z.enum(STREAMS),
    newest_ts: moment.nullable().meta({
      description: "The venue's time of the newest trade, book change or market update; null: not known.",
    }),
    newest_ingested_at: moment
      .nullable()
      .meta({ description: "When it was stored or, of books, last seen; null: not known." }),
    lag_ms: z.int().nullable().meta({
      description: "Age of newest_ts. A quiet venue ages too: read it together with the coverage.",
    }),
    ingest_lag_ms: z.int().nonnegative().nullable().meta({
      description:
        "How long the newest trade or market update took from the venue's time until it was stored; does not grow while the venue is quiet. null: not known, as of books.",
    }),
    coverage: coverageBlock,
  })
  .meta({ id: "StreamStatus" });

/** How fresh the tape is. */
export const getStatus = defineRoute({
  name: "get-status",
  path: "/v1/status",
  summary: "How fresh the tape is",
  description:
    "Per stream: the newest row, its age, how long it took to come, and what is known about the last 24 hours; how far the venue itself lagged; versions.",
  access: "key",
  parts: z.strictObject({}),
  query: z.strictObject({}),
  answer: z.object({
    now: moment,
    streams: z.array(stream),
    upstream: upstreamFreshness,
    versions: z
      .object({
        polytape: z.string(),
        api: z.literal("v1"),
        opensearch: z.string().nullable(),
        nats: z.string().nullable(),
        schema: z.int().nonnegative().nullable().meta({ description: "Of the indices." }),
      })
      .meta({ description: "Of the store asked once a minute; null: not known." }),
  }),
  refusals: [],
  freshSeconds: 2,
  async handle(api, { nowMs }) {
    const toMs = nowMs - REFRESH_LAG_MS;
    const range = { fromMs: toMs - DAY_MS, toMs, openStart: false };
    const [trade, book, market, upstream, versions, ...timelines] = await Promise.all([
      newestTrade(api),
      newestBook(api),
      newestMarket(api, nowMs),
      readUpstreamFreshness(api, nowMs),
      api.versions(),
      ...STREAMS.map((each) => api.completeness.timeline({ stream: each }, range.fromMs, range.toMs)),
    ]);
    const newest = { trades: trade, books: book, markets: market };
    return {
      now: new Date(nowMs).toISOString(),
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
      versions: {
        polytape: api.rules.version,
        api: "v1" as const,
        opensearch: versions?.version ?? null,
        nats: api.bus.serverVersion(),
        schema: versions?.schemaVersion ?? null,
      },
    };
  },
});
