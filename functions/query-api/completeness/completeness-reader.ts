import {
  type CoverageScope,
  type CoverageStretch,
  cutTimeline,
  DAY_MS,
  type EpochMs,
  joinTimelines,
  windowStart,
} from "@polytape/market-model";
import { COVERAGE_DAYS_MAX, type CoverageLedger } from "@polytape/market-store";
import { createExpiringCache } from "../catalogue/expiring-cache.ts";

const KEPT_MS = 1_500;
const ENTRIES_MAX = 500;

/** What is known about a stretch of time. Whole days are read and remembered for a second and a half. */
export interface CompletenessReader {
  timeline(scope: CoverageScope, fromMs: EpochMs, toMs: EpochMs): Promise<CoverageStretch[]>;
}

export function createCompletenessReader(
  ledger: Pick<CoverageLedger, "readTimeline">,
  now: () => EpochMs,
): CompletenessReader {
  const known = createExpiringCache<Promise<CoverageStretch[]>>(ENTRIES_MAX);

  function readDays(scope: CoverageScope, fromMs: EpochMs, toMs: EpochMs): Promise<CoverageStretch[]> {
    const { stream, marketId, assetId } = scope;
    const key = [stream, marketId, assetId, fromMs, toMs].join("|");
    const remembered = known.get(key, now());
    if (remembered) return remembered;
    const reading = ledger.readTimeline({ stream, marketId, assetId, fromMs, toMs });
    known.set(key, reading, now() + KEPT_MS);
    reading.catch(() => known.set(key, reading, 0));
    return reading;
  }

  return {
    async timeline(scope, fromMs, toMs) {
      if (fromMs >= toMs) return [];
      const read = readableDays(fromMs, toMs, now());
      if (read.fromMs >= read.toMs) return [unknown(fromMs, toMs)];
      return joinTimelines([
        fromMs < read.fromMs ? [unknown(fromMs, read.fromMs)] : [],
        cutTimeline(await readDays(scope, read.fromMs, read.toMs), fromMs, toMs),
        read.toMs < toMs ? [unknown(read.toMs, toMs)] : [],
      ]);
    },
  };
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
