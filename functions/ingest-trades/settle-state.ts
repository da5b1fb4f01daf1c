import { PolytapeError } from "@polytape/market-model";
import type { MarketStore, StoreVersion } from "@polytape/market-store";
import { z } from "zod";
import { cutRun } from "./cut-seconds.ts";

const settleWalkSchema = z.object({
  id: z.string(),
  /** Seconds of event time that this walk settles: from included, to excluded. */
  fromSeconds: z.int(),
  toSeconds: z.int(),
  cursor: z.string().nullable(),
  openSecond: z.object({ tsSeconds: z.int(), counts: z.record(z.string(), z.int()) }).nullable(),
  oldestTsSeconds: z.int().nullable(),
  pages: z.int(),
  rows: z.int(),
  /** Rows that the tail had not seen, and the greatest delay with which one came. */
  lateRows: z.int(),
  lateSecondsMax: z.number(),
  /** The outermost of its rows by their ids, and how many came back that an earlier walk had settled. */
  newestRow: z.string().nullable().default(null),
  oldestRow: z.string().nullable().default(null),
  overlapRows: z.int().default(0),
  /** The most that the upstream was behind at any page: rows that came late are not in what it shows then. */
  upstreamLagSeconds: z.number().default(0),
  /** v1 when any page came from there. */
  upstream: z.enum(["v1", "v2"]).default("v2"),
  /** Seconds to be settled of which the upstream gave a part. */
  cuts: z.array(cutRun).default([]),
  /** Rows that were refused as they came, on all its pages, and where those to be settled stand in event time. */
  rejected: z.int().default(0),
  rejectedRuns: z.array(cutRun).default([]),
});
/** One reading of the feed down to the last settled second, possibly over several runs. */
export type SettleWalk = z.infer<typeof settleWalkSchema>;

const settleStateSchema = z.object({
  /** Everything from the first covered second to here was read again after it had settled. */
  settledToSeconds: z.int().nullable(),
  endedAtMs: z.int(),
  /** Settle walks in a row whose feed ended above their begin. */
  stalls: z.int().default(0),
  walk: settleWalkSchema.nullable(),
});
export type SettleState = z.infer<typeof settleStateSchema>;

const NOTHING_SETTLED: SettleState = { settledToSeconds: null, endedAtMs: 0, stalls: 0, walk: null };

export function settleCheckpointName(feedName: string): string {
  return `trades:${feedName}:settle`;
}

/** The checkpoint of a feed's settle walks. Throws `checkpoint_malformed` (bug). */
export async function readSettleState(
  { checkpoints }: Pick<MarketStore, "checkpoints">,
  feedName: string,
): Promise<{ readonly state: SettleState; readonly version: StoreVersion | null }> {
  const name = settleCheckpointName(feedName);
  const found = await checkpoints.read(name);
  const outcome = settleStateSchema.safeParse(found?.state ?? NOTHING_SETTLED);
  if (!outcome.success) {
    const message = `The checkpoint ${name} has an unknown shape.`;
    throw new PolytapeError("bug", "checkpoint_malformed", message, { cause: outcome.error });
  }
  return { state: outcome.data, version: found?.version ?? null };
}
