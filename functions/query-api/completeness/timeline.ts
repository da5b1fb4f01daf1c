import type { CoverageCause, CoverageInterval, CoverageState, EpochMs } from "@polytape/market-model";

/** A stretch of time in which one thing is known: `fromMs` included, `toMs` excluded. */
export interface Stretch {
  readonly fromMs: EpochMs;
  readonly toMs: EpochMs;
  readonly state: CoverageState;
  readonly cause: CoverageCause | null;
}

export interface Scope {
  readonly stream: CoverageInterval["stream"];
  /** Undefined: all markets at once. */
  readonly marketId?: string | undefined;
  readonly assetId?: string | undefined;
}

/** What is said of a stretch by several entries: a proof of completeness repairs a gap, a gap goes before a doubt. */
const STATES_STRONGEST_FIRST: readonly CoverageState[] = ["complete", "missing", "partial", "unknown"];

/**
 * What the ledger says about every moment of [fromMs, toMs), without holes: where it says nothing the
 * state is `unknown`. Neighbours that say the same are one stretch.
 */
export function timelineOf(
  intervals: readonly CoverageInterval[],
  scope: Scope,
  fromMs: EpochMs,
  toMs: EpochMs,
): Stretch[] {
  const edges = intervals
    .filter((interval) => bearsOn(interval, scope) && interval.fromMs < toMs && interval.toMs > fromMs)
    .flatMap((interval) => [
      { atMs: Math.max(interval.fromMs, fromMs), interval, opens: true },
      { atMs: Math.min(interval.toMs, toMs), interval, opens: false },
    ])
    .sort((a, b) => a.atMs - b.atMs);

  const open = new Set<CoverageInterval>();
  const stretches: Stretch[] = [];
  let sinceMs = fromMs;
  for (const { atMs, interval, opens } of edges) {
    append(stretches, sinceMs, atMs, open);
    sinceMs = atMs;
    if (opens) open.add(interval);
    else open.delete(interval);
  }
  append(stretches, sinceMs, toMs, open);
  return stretches;
}

function append(
  stretches: Stretch[],
  fromMs: EpochMs,
  toMs: EpochMs,
  open: ReadonlySet<CoverageInterval>,
): void {
  if (fromMs >= toMs) return;
  const { state, cause } = strongest(open);
  const last = stretches.at(-1);
  if (last && last.state === state && last.cause === cause) stretches.splice(-1, 1, { ...last, toMs });
  else stretches.push({ fromMs, toMs, state, cause });
}

function strongest(open: ReadonlySet<CoverageInterval>): Pick<Stretch, "state" | "cause"> {
  for (const state of STATES_STRONGEST_FIRST)
    for (const interval of open)
      if (interval.state === state) return { state, cause: state === "complete" ? null : interval.cause };
  return { state: "unknown", cause: null };
}

/**
 * A statement about everything proves something about a part of it; a statement about a part bears on the
 * whole only when it names trouble.
 */
function bearsOn(interval: CoverageInterval, scope: Scope): boolean {
  if (interval.stream !== scope.stream) return false;
  const within = (theirs: string | null, ours: string | undefined) => theirs === null || theirs === ours;
  if (within(interval.marketId, scope.marketId) && within(interval.assetId, scope.assetId)) return true;
  const overlaps = (theirs: string | null, ours: string | undefined) =>
    theirs === null || ours === undefined || theirs === ours;
  return (
    interval.state !== "complete" &&
    overlaps(interval.marketId, scope.marketId) &&
    overlaps(interval.assetId, scope.assetId)
  );
}
