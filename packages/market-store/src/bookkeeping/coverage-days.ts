import {
  boundCoverage,
  type CoverageInterval,
  type CoverageScope,
  type CoverageStream,
  DAY_MS,
  type DeclaredCoverage,
  type EpochMs,
  joinCoverage,
  PolytapeError,
  paintCoverage,
  toRfc3339,
  windowStart,
  withoutCounts,
} from "@polytape/market-model";
import type { StoreVersion } from "../market-store.ts";

/** What is known about one UTC day of one scope: one document, so that a statement about a day is atomic. */
export interface CoverageDay {
  readonly stream: CoverageStream;
  readonly marketId: string | null;
  readonly assetId: string | null;
  readonly dayMs: EpochMs;
  /** Oldest first, without overlaps, inside the day. */
  readonly statements: readonly DeclaredCoverage[];
}

export interface CoverageDayWrite {
  readonly id: string;
  readonly day: CoverageDay;
  /** Null: must not exist yet. */
  readonly replaces: StoreVersion | null;
}

/** Where the days are kept. The rules of the ledger are the same on every shelf. */
export interface CoverageDays {
  /** In real time; unknown ones are absent from the map. */
  readDays(ids: readonly string[]): Promise<ReadonlyMap<string, { day: CoverageDay; version: StoreVersion }>>;
  /** As above, without what they say. */
  readVersions(ids: readonly string[]): Promise<ReadonlyMap<string, StoreVersion>>;
  /** Returns the ids that lost against another writer. */
  writeDays(writes: readonly CoverageDayWrite[]): Promise<string[]>;
  /**
   * Oldest day first, then by what begins first. Those of a market include the ones about all markets; null: only
   * these, of no token.
   */
  listDays(query: CoverageDayQuery): Promise<CoverageDay[]>;
  /** Oldest day first: those that tell of trouble in something narrower than the scope. */
  findTroubledParts(query: CoverageRange & { scope: CoverageScope; limit: number }): Promise<CoverageDay[]>;
}

interface CoverageRange {
  readonly fromMs: EpochMs;
  readonly toMs: EpochMs;
}

export interface CoverageDayQuery extends CoverageRange {
  readonly stream?: CoverageStream | undefined;
  readonly marketId?: string | null | undefined;
  readonly limit: number;
}

/** Days of one statement or question: a year and a month more. */
export const COVERAGE_DAYS_MAX = 400;
/** Of one scope and day: a statement every 43 seconds. What is finer is told coarser. */
const STATEMENTS_PER_DAY_MAX = 2_000;
/** JSON characters of the evidence of one statement. */
const EVIDENCE_LENGTH_MAX = 4_000;

/** `trades|*|*|2026-11-22` */
export function coverageDayId(
  { stream, marketId, assetId }: Pick<CoverageDay, "stream" | "marketId" | "assetId">,
  dayMs: EpochMs,
): string {
  return [stream, marketId ?? "*", assetId ?? "*", toRfc3339(dayMs).slice(0, 10)].join("|");
}

/** The starts of the UTC days that hold [fromMs, toMs). Throws `coverage_range` (kind bug) beyond the bound. */
export function daysOf({ fromMs, toMs }: CoverageRange): EpochMs[] {
  if (fromMs >= toMs) return [];
  const firstMs = windowStart(fromMs, DAY_MS);
  const count = Math.ceil((toMs - firstMs) / DAY_MS);
  if (count <= COVERAGE_DAYS_MAX)
    return Array.from({ length: count }, (_, place) => firstMs + place * DAY_MS);
  throw new PolytapeError("bug", "coverage_range", `Coverage speaks of ${COVERAGE_DAYS_MAX} days at once.`, {
    facts: { days: count },
  });
}

/** A statement's pieces, one per day; the first carries its counts. */
export function cutByDay(statement: CoverageInterval): { dayMs: EpochMs; piece: CoverageInterval }[] {
  if (JSON.stringify(statement.evidence).length > EVIDENCE_LENGTH_MAX)
    throw new PolytapeError("bug", "coverage_evidence", "The evidence of a statement is too long.", {
      facts: { stream: statement.stream, length_max: EVIDENCE_LENGTH_MAX },
    });
  return daysOf(statement).map((dayMs, place) => ({
    dayMs,
    piece: {
      ...statement,
      fromMs: Math.max(statement.fromMs, dayMs),
      toMs: Math.min(statement.toMs, dayMs + DAY_MS),
      evidence: place === 0 ? statement.evidence : withoutCounts(statement.evidence),
    },
  }));
}

/** The day after the statements were made, in their order. */
export function paintDay(
  known: readonly DeclaredCoverage[],
  statements: readonly CoverageInterval[],
  declaredAtMs: EpochMs,
): DeclaredCoverage[] {
  const painted = statements.reduce<readonly DeclaredCoverage[]>(
    (day, statement) => paintCoverage(day, statement, declaredAtMs),
    known,
  );
  return boundCoverage(painted, STATEMENTS_PER_DAY_MAX);
}

/** The statements of the days that touch the range, oldest first; what goes on at midnight is one. */
export function statementsOf(
  days: readonly CoverageDay[],
  { fromMs, toMs }: CoverageRange,
): DeclaredCoverage[] {
  const scopes = new Map<string, CoverageDay[]>();
  for (const day of days) {
    const scope = coverageDayId(day, 0);
    scopes.set(scope, [...(scopes.get(scope) ?? []), day]);
  }
  return [...scopes.values()]
    .flatMap((ofScope) => joinCoverage(ofScope.flatMap(({ statements }) => statements)))
    .filter((each) => each.fromMs < toMs && each.toMs > fromMs)
    .sort((a, b) => a.fromMs - b.fromMs || a.toMs - b.toMs);
}

/** When the first statement of a day begins. */
export function beginOf({ statements, dayMs }: Pick<CoverageDay, "statements" | "dayMs">): EpochMs {
  return statements[0]?.fromMs ?? dayMs;
}
