import {
  type CoverageScope,
  type CoverageStretch,
  cutTimeline,
  DAY_MS,
  type DeclaredCoverage,
  type EpochMs,
  joinTimelines,
  windowStart,
} from "@polytape/market-model";
import { COVERAGE_DAYS_MAX, type CoverageLedger } from "@polytape/market-store";
import { createExpiringCache } from "../catalogue/expiring-cache.ts";

const KEPT_MS = 1_500;
const TIMELINES_MAX = 500;
/** Of each scope: a question about three months of one market reads 180 of them, half of them of all markets. */
const DAYS_MAX = 4_000;

/** What is known about a stretch of time, as one question reads it. */
export interface CompletenessReader {
  timeline(scope: CoverageScope, fromMs: EpochMs, toMs: EpochMs): Promise<CoverageStretch[]>;
}

/**
 * Readers that remember together for a second and a half the whole days that any of them has read: what is said of
 * all markets is part of every answer, and by far the most of what there is to read. Each reads the ledger that it is
 * given, so that a question that is given up ends its own reading and nobody else's.
 */
export function createCompletenessReaders(
  now: () => EpochMs,
): (ledger: Pick<CoverageLedger, "readTimeline">) => CompletenessReader {
  const timelines = createExpiringCache<CoverageStretch[]>(TIMELINES_MAX);
  const days = createExpiringCache<{ statements: readonly DeclaredCoverage[]; untilMs: EpochMs }>(DAYS_MAX);

  async function readDays(
    ledger: Pick<CoverageLedger, "readTimeline">,
    { stream, marketId, assetId }: CoverageScope,
    { fromMs, toMs }: { fromMs: EpochMs; toMs: EpochMs },
  ): Promise<CoverageStretch[]> {
    const key = [stream, marketId, assetId, fromMs, toMs].join("|");
    const askedMs = now();
    const remembered = timelines.get(key, askedMs);
    if (remembered) return remembered;
    const freshUntilMs = askedMs + KEPT_MS;
    let untilMs = freshUntilMs;
    const read = await ledger.readTimeline(
      { stream, marketId, assetId, fromMs, toMs },
      {
        get(dayId) {
          const day = days.get(dayId, askedMs);
          // What is made of older days is as old as they are.
          if (day) untilMs = Math.min(untilMs, day.untilMs);
          return day?.statements;
        },
        set: (dayId, statements) => days.set(dayId, { statements, untilMs: freshUntilMs }, freshUntilMs),
      },
    );
    timelines.set(key, read, untilMs);
    return read;
  }

  return (ledger) => ({
    async timeline(scope, fromMs, toMs) {
      if (fromMs >= toMs) return [];
      const read = readableDays(fromMs, toMs, now());
      if (read.fromMs >= read.toMs) return [unknown(fromMs, toMs)];
      return joinTimelines([
        fromMs < read.fromMs ? [unknown(fromMs, read.fromMs)] : [],
        cutTimeline(await readDays(ledger, scope, read), fromMs, toMs),
        read.toMs < toMs ? [unknown(read.toMs, toMs)] : [],
      ]);
    },
  });
}

/** The days of a question that the ledger can speak of: none of the future, and no more than one call reads. */
function readableDays(fromMs: EpochMs, toMs: EpochMs, nowMs: EpochMs): { fromMs: EpochMs; toMs: EpochMs } {
  const lastDayMs = Math.min(windowStart(toMs - 1, DAY_MS), windowStart(nowMs, DAY_MS));
  const endMs = lastDayMs + DAY_MS;
  return { fromMs: Math.max(windowStart(fromMs, DAY_MS), endMs - COVERAGE_DAYS_MAX * DAY_MS), toMs: endMs };
}

function unknown(fromMs: EpochMs, toMs: EpochMs): CoverageStretch {
  return { fromMs, toMs, state: "unknown", cause: null };
}
