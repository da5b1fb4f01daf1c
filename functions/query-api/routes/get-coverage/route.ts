import {
  type CoverageInterval,
  type CoverageStream,
  type CoverageStretch,
  DAY_MS,
  type EpochMs,
  keptFrom,
  toRfc3339,
  windowStart,
} from "@polytape/market-model";
import { COVERAGE_DAYS_MAX } from "@polytape/market-store";
import { z } from "zod";
import { findSubject } from "../../catalogue/choose-outcome.ts";
import { completeness } from "../../completeness/coverage-block.ts";
import { keptAnswer, keptFields, requireOrder } from "../../completeness/kept-range.ts";
import { formatParameter } from "../../http/answer-format.ts";
import { refusal } from "../../http/api-error.ts";
import {
  fromParameter,
  marketIdParameter,
  moment,
  momentOrNull,
  toParameter,
} from "../../http/parameters.ts";
import { defineRoute } from "../../http/route.ts";

const STREAMS = ["trades", "books", "markets"] as const;
const INTERVALS_MAX = 1_000;

const interval = z
  .object({
    stream: z.enum(STREAMS),
    market_id: z.string().nullable().meta({ description: "null: all markets at once." }),
    asset_id: z.string().nullable(),
    from: moment,
    to: moment,
    state: z.enum(["complete", "partial", "missing", "unknown"]),
    cause: z.string().nullable(),
    evidence: z.record(z.string(), z.unknown()),
  })
  .meta({ id: "CoverageInterval" });

const totals = z
  .object({
    stream: z.enum(STREAMS),
    complete_ms: z.int().nonnegative(),
    partial_ms: z.int().nonnegative(),
    missing_ms: z.int().nonnegative(),
    unknown_ms: z.int().nonnegative(),
    complete: z.boolean().nullable().meta({ description: "Of the whole range; null: not known." }),
  })
  .meta({
    id: "CoverageTotals",
    description: "How much of [from, to), as far as it is kept, is in which state.",
  });

const query = z.strictObject({
  market_id: marketIdParameter.optional(),
  stream: z
    .enum(STREAMS, `must be one of ${STREAMS.join(", ")}`)
    .optional()
    .meta({ description: "Default: all." }),
  from: fromParameter,
  to: toParameter,
  format: formatParameter,
});

/** What is known about the completeness of the tape. */
export const getCoverage = defineRoute({
  name: "get-coverage",
  path: "/v1/coverage",
  summary: "What is known about completeness",
  description: `The ledger's entries that touch [from, to) (default: the last 24 hours), oldest first, at most ${INTERVALS_MAX} (next_from says where to go on), and how much time is in which state. It measures time without gaps, not events: a quiet market is complete. About each moment the newest entry stands, at the same age the one about the market before the one about all; trouble of one market makes all markets at once partial. Where nothing was said, as of the future, the state is unknown. A question spans ${COVERAGE_DAYS_MAX} UTC days at most. The totals speak of what is kept (see retention_from) and are as of now; an entry is listed after a second at most.`,
  access: "key",
  parts: z.strictObject({}),
  query,
  answer: z.object({
    data: z.array(interval).max(INTERVALS_MAX),
    next_from: moment.nullable().meta({
      description: `\`from\` of the rest of the entries: what reaches beyond it is listed again there, from its day on. null: this is all, or more than ${INTERVALS_MAX} touch one moment (truncated_by: limit): name a stream or a market.`,
    }),
    totals: z.array(totals),
    ...keptFields,
  }),
  refusals: ["range_too_wide", "market_not_found"],
  freshSeconds: 2,
  list: { field: "data", row: interval },
  async handle(api, { query, nowMs }) {
    requireOrder(query);
    const marketId = query.market_id && (await findSubject(api.markets, query.market_id)).marketId;
    const toMs = query.to ?? Math.max(nowMs, (query.from ?? 0) + 1);
    const fromMs = query.from ?? Math.max(0, toMs - DAY_MS);
    requireReadable(fromMs, toMs);
    // What the ledger says of days that are no longer kept is history: nothing of them is here.
    const keptFromMs = Math.min(Math.max(fromMs, keptFrom(api.rules.retentionDays, nowMs) ?? 0), toMs);
    const { stream } = query;
    const streams = stream ? [stream] : STREAMS;
    const [{ intervals, isCut, nextFromMs }, ...timelines] = await Promise.all([
      api.store.coverage.listIntervals({ stream, marketId, fromMs, toMs, limit: INTERVALS_MAX }),
      ...streams.map((each) => api.completeness.timeline({ stream: each, marketId }, keptFromMs, toMs)),
    ]);
    const kept = keptAnswer({ from: fromMs }, api.rules.retentionDays, nowMs);
    return {
      data: intervals.map(intervalAnswer),
      next_from: momentOrNull(nextFromMs),
      totals: streams.map((each, place) => totalsOf(each, timelines[place] ?? [])),
      ...kept,
      truncated_by: isCut ? ("limit" as const) : kept.truncated_by,
    };
  },
});

/** As many days as the ledger reads at once: throws `range_too_wide`. */
function requireReadable(fromMs: EpochMs, toMs: EpochMs): void {
  const days = (windowStart(toMs - 1, DAY_MS) - windowStart(fromMs, DAY_MS)) / DAY_MS + 1;
  if (days <= COVERAGE_DAYS_MAX) return;
  throw refusal(
    "range_too_wide",
    `A question about completeness spans ${COVERAGE_DAYS_MAX} UTC days at most, this one ${days}: give from and to.`,
  );
}

function intervalAnswer(entry: CoverageInterval): z.output<typeof interval> {
  return {
    stream: entry.stream,
    market_id: entry.marketId,
    asset_id: entry.assetId,
    from: toRfc3339(entry.fromMs),
    to: toRfc3339(entry.toMs),
    state: entry.state,
    cause: entry.cause,
    evidence: { ...entry.evidence },
  };
}

function totalsOf(stream: CoverageStream, timeline: readonly CoverageStretch[]): z.output<typeof totals> {
  const sum = (state: CoverageStretch["state"]): EpochMs =>
    timeline.reduce((ms, stretch) => ms + (stretch.state === state ? stretch.toMs - stretch.fromMs : 0), 0);
  return {
    stream,
    complete_ms: sum("complete"),
    partial_ms: sum("partial"),
    missing_ms: sum("missing"),
    unknown_ms: sum("unknown"),
    complete: completeness(timeline),
  };
}
