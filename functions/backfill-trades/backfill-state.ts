import { type EpochMs, SECOND_MS } from "@polytape/market-model";
import { z } from "zod";

const walkSchema = z.object({
  id: z.string(),
  openedAtMs: z.int(),
  /** The next page; null: the head of the feed. */
  cursor: z.string().nullable(),
  pages: z.int(),
  rows: z.int(),
  rejected: z.int(),
  newestSeconds: z.int().nullable(),
  oldestSeconds: z.int().nullable(),
  /** The id of its oldest trade. */
  oldestRow: z.string().nullable().default(null),
  /** Counters of the second in which the walk stands. */
  openSecond: z.object({ tsSeconds: z.int(), counts: z.record(z.string(), z.int()) }).nullable(),
  /** From here up to its upper end this walk has read everything; stated, or about to be. */
  coveredFromSeconds: z.int(),
  /** How it ended; null while there is more to read. */
  end: z.enum(["reached", "feed_end", "capped"]).nullable().default(null),
  /** v1 when any of its pages came from there. */
  upstream: z.enum(["v1", "v2"]).default("v2"),
  /** Seconds of which the upstream served a part only, below `coveredFromSeconds`. */
  cutSeconds: z.array(z.int()).default([]),
  /** Where refused rows lie, below `coveredFromSeconds`. */
  doubts: z.array(z.object({ fromSeconds: z.int(), toSeconds: z.int() })).default([]),
  /** Refused rows of an unknown time lie between the oldest row so far and the next. */
  hasUnplaced: z.boolean().default(false),
  /** The most that the upstream was behind after any of its batches. */
  upstreamLagSeconds: z.number().default(0),
  /** Rows below `coveredFromSeconds` that were new although the ledger called their time complete. */
  lateRows: z.int().default(0),
});
/** One reading of a feed from its head down, in pages, over several runs. */
export type Walk = z.infer<typeof walkSchema>;

const estimateSchema = z.object({
  rows: z.int(),
  bytes: z.int(),
  /** At this function's share of the upstream's limit. */
  seconds: z.int(),
});
export type Estimate = z.infer<typeof estimateSchema>;

const progressSchema = z.object({
  /** Of the time that is to be walked over. */
  donePercent: z.number(),
  rowsLeft: z.int().nullable(),
  secondsToGo: z.int().nullable(),
});
export type Progress = z.infer<typeof progressSchema>;

/** What was read and is to be stated when readers can see its rows. */
const pendingSchema = z.object({
  visibleAtMs: z.int(),
  intervals: z.array(
    z.object({
      stream: z.literal("trades"),
      marketId: z.string().nullable(),
      assetId: z.null(),
      fromMs: z.int(),
      toMs: z.int(),
      state: z.enum(["complete", "partial", "missing"]),
      cause: z.enum(["upstream_cap", "row_rejected"]).nullable(),
      evidence: z.record(z.string(), z.unknown()),
    }),
  ),
});
export type PendingStatement = z.infer<typeof pendingSchema>;
export type BackfillStatement = PendingStatement["intervals"][number];

/** The checkpoint `backfill:<id>`. Seconds are event time, `from` included, `to` excluded. */
export const backfillSchema = z.object({
  id: z.string(),
  marketId: z.string().nullable(),
  fromSeconds: z.int(),
  toSeconds: z.int(),
  /** When the market that was asked for came to be: it has no older trades. Null: all markets, or not known. */
  marketFromSeconds: z.int().nullable().default(null),
  state: z.enum(["running", "done", "failed"]),
  startedAtMs: z.int(),
  updatedAtMs: z.int(),
  /** Of all walks, repeats included. */
  pages: z.int(),
  rows: z.int(),
  stored: z.int(),
  repeated: z.int(),
  rejected: z.int(),
  /** Rows that were new although the ledger called their time complete. */
  lateRows: z.int().default(0),
  estimate: estimateSchema.nullable(),
  /** Rows a second in the last run. */
  rowsPerSecond: z.number().nullable(),
  /** Walks that had to begin anew since one last got further down than all before it. */
  restarts: z.int(),
  /** The lowest second that any of its walks has read completely. */
  reachedSeconds: z.int().nullable(),
  /** The upstream serves nothing before this second, though the backfill asked for it; null: no such bound met. */
  servedFromSeconds: z.int().nullable(),
  reason: z.string().nullable(),
  /** No job was sent for it: the next tick sends one. */
  awaitsTick: z.boolean().default(false),
  /** What it waits for until then, in words; null: nothing that anybody could mend. */
  waitsFor: z.string().nullable().default(null),
  /** That tick comes no earlier than this. */
  notBeforeMs: z.int().default(0),
  /** Where the feed of its market ended at the last walk (null: it had no row), and how many walks there were. */
  feedEnd: z.object({ row: z.string().nullable(), walks: z.int() }).nullable().default(null),
  /** What a call is about to store: until a walk has come past it, its rows may be stored and not told of. */
  claim: z
    .object({ walkId: z.string(), pages: z.int(), oldestSeconds: z.int().nullable() })
    .nullable()
    .default(null),
  /** Oldest first. */
  pending: z.array(pendingSchema).default([]),
  /** As of `updatedAtMs`; for whoever shows it. */
  progress: progressSchema.nullable().default(null),
  walk: walkSchema,
});
export type Backfill = z.infer<typeof backfillSchema>;

/** What somebody wants filled in. */
export interface BackfillRequest {
  readonly id: string;
  readonly marketId: string | null;
  readonly fromSeconds: number;
  readonly toSeconds: number;
  /** When the market came to be, where that is known. */
  readonly marketFromSeconds?: number | null;
}

export function newBackfill(
  request: BackfillRequest,
  surroundings: { walkId: string; nowMs: EpochMs; settleSeconds: number },
): Backfill {
  const { nowMs } = surroundings;
  return {
    ...request,
    marketFromSeconds: request.marketFromSeconds ?? null,
    state: "running",
    startedAtMs: nowMs,
    updatedAtMs: nowMs,
    pages: 0,
    rows: 0,
    stored: 0,
    repeated: 0,
    rejected: 0,
    lateRows: 0,
    estimate: null,
    rowsPerSecond: null,
    restarts: 0,
    reachedSeconds: null,
    servedFromSeconds: null,
    reason: null,
    awaitsTick: false,
    waitsFor: null,
    notBeforeMs: 0,
    feedEnd: null,
    claim: null,
    pending: [],
    progress: null,
    walk: newWalk(request, surroundings),
  };
}

/**
 * A walk from the head of the feed. What is younger than the settle time when it opens may still get rows
 * below the place that it has passed, so it proves nothing about that.
 */
export function newWalk(
  { toSeconds }: Pick<BackfillRequest, "toSeconds">,
  { walkId, nowMs, settleSeconds }: { walkId: string; nowMs: EpochMs; settleSeconds: number },
): Walk {
  return {
    id: walkId,
    openedAtMs: nowMs,
    cursor: null,
    pages: 0,
    rows: 0,
    rejected: 0,
    newestSeconds: null,
    oldestSeconds: null,
    oldestRow: null,
    openSecond: null,
    coveredFromSeconds: Math.min(toSeconds, Math.floor(nowMs / SECOND_MS) - settleSeconds),
    end: null,
    upstream: "v2",
    cutSeconds: [],
    doubts: [],
    hasUnplaced: false,
    upstreamLagSeconds: 0,
    lateRows: 0,
  };
}
