import {
  type CoverageScope,
  type CoverageStretch,
  cutTimeline,
  DAY_MS,
  type EpochMs,
  HOUR_MS,
  joinTimelines,
  windowStart,
} from "@polytape/market-model";
import { COVERAGE_DAYS_MAX, type CoverageLedger, type RememberedDay } from "@polytape/market-store";
import { createExpiringCache } from "../catalogue/expiring-cache.ts";

const KEPT_MS = 1_500;
const TIMELINES_MAX = 500;
/** Of all markets, by stream: as many as questions may reach back. */
const DAYS_MAX = 3 * COVERAGE_DAYS_MAX;
/** A day is read anew after so long, whatever its version says: a backup that was put back may have given it twice. */
const DAYS_KEPT_MS = HOUR_MS;

interface KnownDay {
  readonly day: RememberedDay;
  readonly freshUntilMs: EpochMs;
  readonly keptUntilMs: EpochMs;
}

/** What is known about a stretch of time, as one question reads it. */
export interface CompletenessReader {
  timeline(scope: CoverageScope, fromMs: EpochMs, toMs: EpochMs): Promise<CoverageStretch[]>;
}

/**
 * Readers that remember together what any of them has read: timelines for a second and a half, and what is said of all
 * markets until it changes, which is asked as often. Each reads the ledger that it is given, so that a question
 * that is given up ends its own reading and nobody else's.
 */
export function createCompletenessReaders(
  now: () => EpochMs,
): (ledger: Pick<CoverageLedger, "readTimeline">) => CompletenessReader {
  const timelines = createExpiringCache<CoverageStretch[]>(TIMELINES_MAX);
  const days = createExpiringCache<KnownDay>(DAYS_MAX);

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
          const known = days.get(dayId, askedMs);
          if (!known) return undefined;
          const isFresh = askedMs < known.freshUntilMs;
          // What is made of older days is as old as they are.
          if (isFresh) untilMs = Math.min(untilMs, known.freshUntilMs);
          return { day: known.day, isFresh };
        },
        set(dayId, day) {
          const known = days.get(dayId, askedMs);
          const keptUntilMs = known?.day === day ? known.keptUntilMs : askedMs + DAYS_KEPT_MS;
          days.set(dayId, { day, freshUntilMs, keptUntilMs }, keptUntilMs);
        },
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
