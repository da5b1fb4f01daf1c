import { type CoverageInterval, type DeclaredCoverage, worseCoverage } from "./coverage.ts";
import { type EpochMs, HOUR_MS } from "./time.ts";

/**
 * Statements made further apart are not joined: a joined one knows only from when to when it was made, and what
 * somebody said about a market between the two could then not be compared with either.
 */
const JOINED_WITHIN_MS = HOUR_MS;

/**
 * Says something new about a stretch of time. The ledger of one scope (stream, market, token) is a partition
 * of what has been spoken about, oldest first: about each moment the newest statement stands, and neighbours
 * with the same state and cause, said within an hour, are one. Saying the same again changes nothing but when it was
 * last said, unless it tells of late rows: those are added up.
 */
export function paintCoverage(
  existing: readonly DeclaredCoverage[],
  statement: CoverageInterval,
  declaredAtMs: EpochMs,
): DeclaredCoverage[] {
  if (statement.fromMs >= statement.toMs) return [...existing];
  const painted: DeclaredCoverage = { ...statement, declaredFromMs: declaredAtMs, declaredAtMs };
  const holder = countOf(statement.evidence["late_rows"])
    ? undefined
    : existing.find((each) => isWithin(painted, each) && saysTheSame(each, painted));
  if (!holder || isWithin(holder, painted)) return paintOver(existing, painted);
  // The rest of what is cut in two keeps the counts.
  if (!saidTogether(holder, painted))
    return paintOver(existing, { ...painted, evidence: withoutCounts(painted.evidence) });
  return existing.map((each) =>
    each === holder ? { ...each, declaredAtMs: Math.max(each.declaredAtMs, declaredAtMs) } : each,
  );
}

function paintOver(existing: readonly DeclaredCoverage[], painted: DeclaredCoverage): DeclaredCoverage[] {
  return joinCoverage([...existing.flatMap((each) => cutOut(each, painted)), painted]);
}

/** One scope's statements that do not overlap, oldest first, neighbours that say the same, within an hour, made one. */
export function joinCoverage(statements: readonly DeclaredCoverage[]): DeclaredCoverage[] {
  const joined: DeclaredCoverage[] = [];
  for (const each of [...statements].sort((a, b) => a.fromMs - b.fromMs)) {
    const last = joined.at(-1);
    if (last && last.toMs === each.fromMs && saysTheSame(last, each) && saidTogether(last, each))
      joined.splice(-1, 1, join(last, each));
    else joined.push(each);
  }
  return joined;
}

/**
 * At most `statementsMax` statements: the shortest neighbours become one that claims the less of the two (of
 * two with a gap between them, no more than `unknown`). Coarser, never wrong in favour of completeness.
 */
export function boundCoverage(
  statements: readonly DeclaredCoverage[],
  statementsMax: number,
): DeclaredCoverage[] {
  let bounded = [...statements];
  while (bounded.length > statementsMax) {
    const spans = bounded.slice(1).map((right, place) => right.toMs - (bounded[place]?.fromMs ?? 0));
    const shortest = spans.indexOf(Math.min(...spans));
    const [left, right] = bounded.slice(shortest, shortest + 2);
    if (!left || !right) return bounded;
    bounded = joinCoverage(bounded.toSpliced(shortest, 2, coarsen(left, right)));
  }
  return bounded;
}

function coarsen(left: DeclaredCoverage, right: DeclaredCoverage): DeclaredCoverage {
  const worse = worseCoverage(left, right);
  const hasGap = left.toMs < right.fromMs && worse.state === "complete";
  return {
    ...join(left, right),
    state: hasGap ? "unknown" : worse.state,
    cause: hasGap ? null : worse.cause,
  };
}

/** What is left of a statement beside a newer one. Its counts stay with one piece, so that they add up. */
function cutOut(statement: DeclaredCoverage, newer: DeclaredCoverage): DeclaredCoverage[] {
  if (statement.toMs <= newer.fromMs || statement.fromMs >= newer.toMs) return [statement];
  const [before, after] = [statement.fromMs < newer.fromMs, statement.toMs > newer.toMs];
  const evidence = before ? withoutCounts(statement.evidence) : statement.evidence;
  return [
    ...(before ? [{ ...statement, toMs: newer.fromMs }] : []),
    ...(after ? [{ ...statement, fromMs: newer.toMs, evidence }] : []),
  ];
}

function join(left: DeclaredCoverage, right: DeclaredCoverage): DeclaredCoverage {
  return {
    ...right,
    fromMs: left.fromMs,
    evidence: joinEvidence(left.evidence, right.evidence),
    declaredFromMs: Math.min(left.declaredFromMs, right.declaredFromMs),
    declaredAtMs: Math.max(left.declaredAtMs, right.declaredAtMs),
  };
}

type Evidence = CoverageInterval["evidence"];

/** What counts work done; the other facts of joined statements are those of the last one. */
const COUNTS: readonly string[] = ["pages", "rows", "late_rows", "overlap_rows"];

/** Does not grow with the number of joined statements: sums, the outermost rows, the first and the last walk. */
function joinEvidence(left: Evidence, right: Evidence): Evidence {
  const first =
    left["first_walk_id"] ?? left["walk_id"] ?? right["first_walk_id"] ?? right["walk_id"] ?? null;
  const last = right["last_walk_id"] ?? right["walk_id"] ?? left["last_walk_id"] ?? left["walk_id"] ?? null;
  const { walk_id: _one, first_walk_id: _first, last_walk_id: _last, ...facts } = right;
  const walks = first === last ? { walk_id: first } : { first_walk_id: first, last_walk_id: last };
  const sums = COUNTS.filter((name) => name in left || name in right).map((name) => [
    name,
    countOf(left[name]) + countOf(right[name]),
  ]);
  return {
    ...facts,
    ...outermostRows(left, right),
    ...(first !== null && walks),
    ...Object.fromEntries(sums),
  };
}

function outermostRows(left: Evidence, right: Evidence): Evidence {
  const first = left["first_row"] ?? right["first_row"] ?? null;
  const last = right["last_row"] ?? left["last_row"] ?? null;
  return first === null ? {} : { first_row: first, last_row: last };
}

/** Evidence of a further piece of a statement whose counts another piece carries. */
export function withoutCounts(evidence: Evidence): Evidence {
  return Object.fromEntries(Object.entries(evidence).filter(([name]) => !COUNTS.includes(name)));
}

function countOf(value: unknown): number {
  return typeof value === "number" ? value : 0;
}

function isWithin(inner: CoverageInterval, outer: CoverageInterval): boolean {
  return outer.fromMs <= inner.fromMs && inner.toMs <= outer.toMs;
}

function saidTogether(one: DeclaredCoverage, other: DeclaredCoverage): boolean {
  const fromMs = Math.min(one.declaredFromMs, other.declaredFromMs);
  return Math.max(one.declaredAtMs, other.declaredAtMs) - fromMs <= JOINED_WITHIN_MS;
}

function saysTheSame(one: CoverageInterval, other: CoverageInterval): boolean {
  return one.state === other.state && one.cause === other.cause;
}
