import { type CoverageInterval, SECOND_MS } from "@polytape/market-model";
import { z } from "zod";

/** Neighbouring seconds of event time of which a part could not be read: from included, to excluded. */
export const cutRun = z.object({ fromSeconds: z.int(), toSeconds: z.int() });
export type CutRun = z.infer<typeof cutRun>;

/** A checkpoint must stay small: beyond this the two nearest runs become one, with what lies between. */
const RUNS_MAX = 100;

/** The runs with further seconds, oldest first. */
export function addCutSeconds(runs: readonly CutRun[], seconds: readonly number[]): CutRun[] {
  if (seconds.length === 0) return [...runs];
  return mergeRuns([...runs, ...seconds.map((second) => ({ fromSeconds: second, toSeconds: second + 1 }))]);
}

/** Runs that overlap or touch made one, oldest first. */
export function mergeRuns(runs: readonly CutRun[]): CutRun[] {
  const merged: CutRun[] = [];
  for (const run of [...runs].sort((a, b) => a.fromSeconds - b.fromSeconds)) {
    const last = merged.at(-1);
    if (last && run.fromSeconds <= last.toSeconds) last.toSeconds = Math.max(last.toSeconds, run.toSeconds);
    else merged.push({ ...run });
  }
  while (merged.length > RUNS_MAX) joinNearest(merged);
  return merged;
}

function joinNearest(runs: CutRun[]): void {
  const gaps = runs.slice(1).map((run, at) => run.fromSeconds - (runs[at]?.toSeconds ?? 0));
  const [left, right] = runs.slice(gaps.indexOf(Math.min(...gaps)));
  if (!left || !right) return;
  left.toSeconds = right.toSeconds;
  runs.splice(runs.indexOf(right), 1);
}

/** What is said about them within [fromSeconds, toSeconds): to be said after what is said about the whole. */
export function cutStatements(
  runs: readonly CutRun[],
  { fromSeconds, toSeconds }: CutRun,
  evidence: CoverageInterval["evidence"],
  cause: "upstream_cap" | "row_rejected" = "upstream_cap",
): CoverageInterval[] {
  return runs
    .map((run) => ({
      stream: "trades" as const,
      marketId: null,
      assetId: null,
      fromMs: Math.max(run.fromSeconds, fromSeconds) * SECOND_MS,
      toMs: Math.min(run.toSeconds, toSeconds) * SECOND_MS,
      state: "partial" as const,
      cause,
      evidence,
    }))
    .filter((statement) => statement.fromMs < statement.toMs);
}
