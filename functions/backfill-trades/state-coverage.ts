import { type CoverageInterval, DAY_MS } from "@polytape/market-model";
import { type MarketStore, VISIBLE_AFTER_MS } from "@polytape/market-store";
import type { BackfillStatement, PendingStatement } from "./backfill-state.ts";
import { leaveOutRead } from "./leave-out-read.ts";

/** Known intervals that a statement of something missing is compared with. */
const KNOWN_MAX = 10_000;
/** Of one statement; the ledger takes a hundred more. */
const DAYS_MAX = 300;
/** Batches that wait; more are stated with the last of them. */
const PENDING_MAX = 20;

/** The same and what a batch proves, to be stated when readers can see its rows. */
export function addPending(
  pending: readonly PendingStatement[],
  intervals: readonly BackfillStatement[],
  storedAtMs: number,
): PendingStatement[] {
  if (intervals.length === 0) return [...pending];
  const visibleAtMs = storedAtMs + VISIBLE_AFTER_MS;
  const last = pending.at(-1);
  if (pending.length < PENDING_MAX || !last) return [...pending, { visibleAtMs, intervals: [...intervals] }];
  return [...pending.slice(0, -1), { visibleAtMs, intervals: [...last.intervals, ...intervals] }];
}

/** Splits what waits into what readers can see by now and the rest. */
export function takeVisible(
  pending: readonly PendingStatement[],
  nowMs: number,
): { visible: readonly PendingStatement[]; waiting: PendingStatement[] } {
  return {
    visible: pending.filter(({ visibleAtMs }) => visibleAtMs <= nowMs),
    waiting: pending.filter(({ visibleAtMs }) => visibleAtMs > nowMs),
  };
}

/** Says to the ledger what waited. May be repeated. */
export async function stateCoverage(
  { coverage }: Pick<MarketStore, "coverage">,
  pending: readonly PendingStatement[],
): Promise<void> {
  const statements: CoverageInterval[] = [];
  for (const interval of pending.flatMap(({ intervals }) => intervals)) {
    if (interval.state === "complete") {
      statements.push(interval);
      continue;
    }
    // What cannot be read whole today may have been collected while it could: that stays complete.
    const { stream, fromMs, toMs, marketId } = interval;
    const ofMarket = marketId === null ? {} : { marketId };
    const known = await coverage.findIntervals({ stream, fromMs, toMs, limit: KNOWN_MAX, ...ofMarket });
    statements.push(...leaveOutRead(interval, known));
  }
  const pieces = statements.flatMap(cutLong);
  if (pieces.length > 0) await coverage.recordIntervals(pieces);
}

function cutLong(statement: CoverageInterval): CoverageInterval[] {
  const pieces: CoverageInterval[] = [];
  for (let fromMs = statement.fromMs; fromMs < statement.toMs; fromMs += DAYS_MAX * DAY_MS)
    pieces.push({ ...statement, fromMs, toMs: Math.min(statement.toMs, fromMs + DAYS_MAX * DAY_MS) });
  return pieces;
}
