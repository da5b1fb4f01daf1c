import { PolytapeError } from "@polytape/market-model";
import type { Checkpoints, StoreVersion } from "@polytape/market-store";
import { z } from "zod";

/** Ids of candles that are named in an answer. */
const EXAMPLES_MAX = 10;

const rebuildProgress = z.object({
  /** What comes next: this hour, tokens above the id. Null when all is done. */
  next: z.object({ hourMs: z.number(), aboveAssetId: z.string().nullable() }).nullable(),
  minutes: z.number(),
  created: z.number(),
  changed: z.number(),
  /** Of the changed ones: those whose revision was raised. */
  revised: z.number(),
  unchanged: z.number(),
  orphaned: z.number(),
  tooLarge: z.number(),
  /** Some of the orphaned and too large ones, by id. */
  orphanedExamples: z.array(z.string()),
  tooLargeExamples: z.array(z.string()),
});
export type RebuildProgress = z.infer<typeof rebuildProgress>;

export function startProgress(hourMs: number): RebuildProgress {
  return {
    next: { hourMs, aboveAssetId: null },
    minutes: 0,
    created: 0,
    changed: 0,
    revised: 0,
    unchanged: 0,
    orphaned: 0,
    tooLarge: 0,
    orphanedExamples: [],
    tooLargeExamples: [],
  };
}

/** The counts with those of one slice. */
export function addSlice(
  progress: RebuildProgress,
  slice: {
    readonly minutes: number;
    readonly built: { written: number; created: number; revised: number; unchanged: number };
    readonly orphaned: readonly string[];
    readonly tooLarge: readonly string[];
    readonly next: RebuildProgress["next"];
  },
): RebuildProgress {
  const { built, orphaned, tooLarge, next } = slice;
  return {
    next,
    minutes: progress.minutes + slice.minutes,
    created: progress.created + built.created,
    changed: progress.changed + built.written - built.created,
    revised: progress.revised + built.revised,
    unchanged: progress.unchanged + built.unchanged,
    orphaned: progress.orphaned + orphaned.length,
    tooLarge: progress.tooLarge + tooLarge.length,
    orphanedExamples: [...progress.orphanedExamples, ...orphaned].slice(0, EXAMPLES_MAX),
    tooLargeExamples: [...progress.tooLargeExamples, ...tooLarge].slice(0, EXAMPLES_MAX),
  };
}

/** Where an unfinished rebuild of the range stands; null when there is none. Throws `checkpoint_malformed`. */
export async function readProgress(
  checkpoints: Checkpoints,
  name: string,
): Promise<{ progress: RebuildProgress | null; version: StoreVersion | null }> {
  const stored = await checkpoints.read(name);
  if (!stored) return { progress: null, version: null };
  const outcome = rebuildProgress.safeParse(stored.state);
  if (!outcome.success)
    throw new PolytapeError("operating", "checkpoint_malformed", `The checkpoint ${name} has another shape.`);
  return { progress: outcome.data.next ? outcome.data : null, version: stored.version };
}
