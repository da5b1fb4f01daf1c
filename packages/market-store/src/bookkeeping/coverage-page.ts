import type { CoverageStream, DeclaredCoverage, EpochMs } from "@polytape/market-model";
import { beginOf, type CoverageDay, statementsOf } from "./coverage-days.ts";

export interface IntervalQuery {
  readonly stream?: CoverageStream | undefined;
  readonly marketId?: string | null | undefined;
  readonly fromMs: EpochMs;
  readonly toMs: EpochMs;
  readonly limit: number;
}

export interface CoveragePage {
  readonly intervals: readonly DeclaredCoverage[];
  /** Whether there are more. */
  readonly isCut: boolean;
  /**
   * All that begins before it is listed; the same question from here on finds the rest, and again what reaches beyond it.
   * Null: nothing is left, or more than `limit` touch one moment, where time leads no further.
   */
  readonly nextFromMs: EpochMs | null;
}

/** A page of statements, made of the days listed when one more was asked for than the page holds statements. */
export function pageOfStatements(
  days: readonly CoverageDay[],
  { limit, ...range }: Pick<IntervalQuery, "fromMs" | "toMs" | "limit">,
): CoveragePage {
  const found = statementsOf(days, range);
  // Of days that were not read nothing begins before the last one that was.
  const lastDay = days.length > limit ? days.at(-1) : undefined;
  const unread = [lastDay && beginOf(lastDay), found[limit]?.fromMs].filter((ms) => ms !== undefined);
  const isCut = unread.length > 0;
  const nextFromMs = Math.min(...unread);
  if (isCut && nextFromMs > range.fromMs)
    return { intervals: found.filter(({ fromMs }) => fromMs < nextFromMs), isCut, nextFromMs };
  return { intervals: found.slice(0, limit), isCut, nextFromMs: null };
}
