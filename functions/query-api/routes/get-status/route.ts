import { z } from "zod";
import { coverageBlock } from "../../completeness/coverage-block.ts";
import { moment } from "../../http/parameters.ts";
import { defineRoute } from "../../http/route.ts";
import { STREAMS } from "./tape-freshness.ts";
import { upstreamFreshness } from "./upstream-freshness.ts";

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
    now: moment.meta({
      description:
        "When the tape was looked at, a second before the question at most; all but the versions is as of then.",
    }),
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
  async handle(api) {
    const [freshness, versions] = await Promise.all([api.freshness(), api.versions()]);
    return {
      ...freshness,
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
