import {
  type CoverageInterval,
  type CoverageScope,
  type CoverageStretch,
  type DeclaredCoverage,
  worseCoverage,
} from "./coverage.ts";
import type { EpochMs } from "./time.ts";

/**
 * What the ledger says about every moment of [fromMs, toMs), without holes: where it says nothing the state
 * is `unknown`. Of statements about all markets, the market and the token the newest stands, at the same
 * moment the most specific. A statement about a part proves nothing about the whole; its trouble makes the
 * whole `partial`, unless the whole was declared anew since. Neighbours that say the same are one stretch.
 * (design 7.5)
 */
export function coverageTimeline(
  statements: readonly DeclaredCoverage[],
  scope: CoverageScope,
  fromMs: EpochMs,
  toMs: EpochMs,
): CoverageStretch[] {
  const edges = statements
    .filter((each) => each.fromMs < toMs && each.toMs > fromMs && each.fromMs < each.toMs)
    .filter((each) => speaksOf(each, scope) || isTroubleOfPart(each, scope))
    .flatMap((statement) => [
      { atMs: Math.max(statement.fromMs, fromMs), statement, opens: true },
      { atMs: Math.min(statement.toMs, toMs), statement, opens: false },
    ])
    .sort((a, b) => a.atMs - b.atMs);

  const open = new Set<DeclaredCoverage>();
  const stretches: CoverageStretch[] = [];
  let sinceMs = fromMs;
  for (const { atMs, statement, opens } of edges) {
    if (sinceMs < atMs) append(stretches, { fromMs: sinceMs, toMs: atMs, ...standing(open, scope) });
    sinceMs = atMs;
    if (opens) open.add(statement);
    else open.delete(statement);
  }
  if (sinceMs < toMs) append(stretches, { fromMs: sinceMs, toMs, ...standing(open, scope) });
  return stretches;
}

/** The part of a timeline that lies in [fromMs, toMs). */
export function cutTimeline(
  timeline: readonly CoverageStretch[],
  fromMs: EpochMs,
  toMs: EpochMs,
): CoverageStretch[] {
  return timeline
    .filter((stretch) => stretch.fromMs < toMs && stretch.toMs > fromMs)
    .map((stretch) => ({
      ...stretch,
      fromMs: Math.max(stretch.fromMs, fromMs),
      toMs: Math.min(stretch.toMs, toMs),
    }));
}

/** Timelines of neighbouring times as one. */
export function joinTimelines(timelines: readonly (readonly CoverageStretch[])[]): CoverageStretch[] {
  const joined: CoverageStretch[] = [];
  for (const stretch of timelines.flat()) append(joined, stretch);
  return joined;
}

/** Whether a statement tells of trouble in something that the question is wider than. */
export function isTroubleOfPart(statement: CoverageInterval, scope: CoverageScope): boolean {
  return (
    (statement.state === "missing" || statement.state === "partial") &&
    statement.stream === scope.stream &&
    !speaksOf(statement, scope) &&
    (scope.marketId === undefined || statement.marketId === scope.marketId) &&
    (scope.assetId === undefined || statement.assetId === scope.assetId)
  );
}

/** Whether a statement is about all that the question is about, or more. */
function speaksOf({ stream, marketId, assetId }: CoverageInterval, scope: CoverageScope): boolean {
  return (
    stream === scope.stream &&
    (marketId === null || marketId === scope.marketId) &&
    (assetId === null || assetId === scope.assetId)
  );
}

type Known = Pick<CoverageStretch, "state" | "cause">;

const NOTHING_SAID: Known = { state: "unknown", cause: null };

function standing(open: ReadonlySet<DeclaredCoverage>, scope: CoverageScope): Known {
  const [general, ...others] = [...open]
    .filter((each) => speaksOf(each, scope))
    .sort((a, b) => specificity(a) - specificity(b));
  const said = general && others.reduce(newerOf, general);
  if (said?.state === "missing" || said?.state === "partial") return known(said);

  const troubles = [...open].filter(
    (each) => isTroubleOfPart(each, scope) && (!said || said.declaredFromMs <= each.declaredAtMs),
  );
  if (troubles.length > 0) return { state: "partial", cause: firstCause(troubles) };
  return said ? known(said) : NOTHING_SAID;
}

/**
 * What the feed of all markets does not serve, a market's own feed may have: its proof stands, whenever it was made.
 * Joined statements know only from when to when they were made: where that leaves it open, the worse stands.
 */
function newerOf(general: DeclaredCoverage, specific: DeclaredCoverage): DeclaredCoverage {
  if (specific.state === "complete" && general.cause === "upstream_cap") return specific;
  if (specific.declaredFromMs >= general.declaredAtMs) return specific;
  if (general.declaredFromMs > specific.declaredAtMs) return general;
  return worseCoverage(specific, general);
}

function specificity({ marketId, assetId }: CoverageInterval): number {
  return (marketId === null ? 0 : 1) + (assetId === null ? 0 : 2);
}

/** The first by name, so that the answer does not depend on the order of reading. */
function firstCause(troubles: readonly DeclaredCoverage[]): Known["cause"] {
  return troubles.map(({ cause }) => cause).sort((a, b) => ((a ?? "~") < (b ?? "~") ? -1 : 1))[0] ?? null;
}

function known({ state, cause }: Known): Known {
  return { state, cause };
}

function append(stretches: CoverageStretch[], next: CoverageStretch): void {
  const last = stretches.at(-1);
  if (last && last.toMs === next.fromMs && last.state === next.state && last.cause === next.cause)
    stretches.splice(-1, 1, { ...last, toMs: next.toMs });
  else stretches.push(next);
}
