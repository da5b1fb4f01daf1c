import type { RejectedRecord } from "@polytape/market-model";
import { z } from "zod";
import type { Walk } from "./backfill-state.ts";

/** Neighbouring seconds in which a refused row lies: from included, to excluded. */
export interface DoubtfulRun {
  readonly fromSeconds: number;
  readonly toSeconds: number;
}

/** A checkpoint must stay small: more become one, with what lies between. */
const RUNS_MAX = 100;

/** Both of the upstream's interfaces name it so. */
const timed = z.looseObject({ timestamp: z.int() });

/** Seconds of a page's rows; null when it has none. `before`: of the oldest row before it, or the clock's. */
interface PageSpan {
  readonly newest: number | null;
  readonly oldest: number | null;
  readonly before: number;
}

/**
 * Where the refused rows of a page lie: in their second when that can be read and lies among the page's, otherwise
 * anywhere between the page before and the page after. `hasUnplaced`: that page is to come.
 */
export function addDoubts(
  walk: Walk,
  rejected: readonly RejectedRecord[],
  { newest, oldest, before }: PageSpan,
): Pick<Walk, "doubts" | "hasUnplaced"> {
  const runs: DoubtfulRun[] = [...walk.doubts];
  if (walk.hasUnplaced && newest !== null) runs.push({ fromSeconds: newest, toSeconds: before + 1 });
  let isPlaced = true;
  for (const { raw } of rejected) {
    const second = secondOf(raw);
    if (second !== null && oldest !== null && second >= oldest && second <= before)
      runs.push({ fromSeconds: second, toSeconds: second + 1 });
    else isPlaced = false;
  }
  if (!isPlaced && oldest !== null) runs.push({ fromSeconds: oldest, toSeconds: before + 1 });
  return { doubts: mergeRuns(runs), hasUnplaced: !isPlaced || (walk.hasUnplaced && newest === null) };
}

function secondOf(raw: unknown): number | null {
  const outcome = timed.safeParse(raw);
  return outcome.success ? outcome.data.timestamp : null;
}

/** Runs that overlap or touch made one, oldest first. */
function mergeRuns(runs: readonly DoubtfulRun[]): DoubtfulRun[] {
  const merged: DoubtfulRun[] = [];
  for (const run of runs.toSorted((a, b) => a.fromSeconds - b.fromSeconds)) {
    const last = merged.at(-1);
    if (!last || run.fromSeconds > last.toSeconds) merged.push(run);
    else merged.splice(-1, 1, { ...last, toSeconds: Math.max(last.toSeconds, run.toSeconds) });
  }
  const [first, last] = [merged[0], merged.at(-1)];
  if (merged.length <= RUNS_MAX || !first || !last) return merged;
  return [{ fromSeconds: first.fromSeconds, toSeconds: last.toSeconds }];
}
