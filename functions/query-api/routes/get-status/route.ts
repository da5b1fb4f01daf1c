import { DAY_MS, tradeTsMs } from "@polytape/market-model";
import { z } from "zod";
import { coverageBlock, coverageBlockOf } from "../../completeness/coverage-block.ts";
import { REFRESH_LAG_MS } from "../../http/page-cursor.ts";
import { moment, momentOrNull } from "../../http/parameters.ts";
import { type ApiParts, defineRoute } from "../../http/route.ts";

const STREAMS = ["trades", "books", "markets"] as const;

const stream = z
  .object({
    stream: z.enum(STREAMS),
    newest_ts: moment.nullable().meta({ description: "Event time of the newest row; null: not known." }),
    newest_ingested_at: moment.nullable().meta({ description: "When that row was stored." }),
    lag_ms: z.int().nullable().meta({
      description: "Age of the newest row. A quiet venue ages too: read it together with the coverage.",
    }),
    coverage: coverageBlock,
  })
  .meta({ id: "StreamStatus" });

/** How fresh the tape is. */
export const getStatus = defineRoute({
  name: "get-status",
  path: "/v1/status",
  summary: "How fresh the tape is",
  description: "Per stream: the newest row, its age, and what is known about the last 24 hours.",
  access: "key",
  parts: z.strictObject({}),
  query: z.strictObject({}),
  answer: z.object({
    now: moment,
    streams: z.array(stream),
    versions: z.object({ polytape: z.string(), api: z.literal("v1") }),
  }),
  refusals: [],
  freshSeconds: 2,
  async handle(api, { nowMs }) {
    const toMs = nowMs - REFRESH_LAG_MS;
    const range = { fromMs: toMs - DAY_MS, toMs, openStart: false };
    const [newest, ...timelines] = await Promise.all([
      newestTrade(api),
      ...STREAMS.map((each) => api.completeness.timeline({ stream: each }, range.fromMs, range.toMs)),
    ]);
    const unknown = { newest_ts: null, newest_ingested_at: null, lag_ms: null };
    return {
      now: new Date(nowMs).toISOString(),
      streams: STREAMS.map((each, place) => ({
        stream: each,
        ...(each === "trades" && newest
          ? {
              newest_ts: momentOrNull(tradeTsMs(newest)),
              newest_ingested_at: momentOrNull(newest.ingestedAtMs),
              // The venue's clock may be ahead of ours by drift.
              lag_ms: Math.max(0, nowMs - tradeTsMs(newest)),
            }
          : unknown),
        coverage: coverageBlockOf(timelines[place] ?? [], range),
      })),
      versions: { polytape: api.rules.version, api: "v1" as const },
    };
  },
});

async function newestTrade(api: ApiParts) {
  const [trade] = await api.store.trades.findTrades({ rowSet: "taker", sort: "desc", limit: 1 });
  return trade ?? null;
}
