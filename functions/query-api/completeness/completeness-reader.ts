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

/** What is known about a stretch of time, as one question reads it. */
export interface CompletenessReader {
  timeline(scope: CoverageScope, fromMs: EpochMs, toMs: EpochMs): Promise<CoverageStretch[]>;
}

/**
 * Readers that remember together for a second and a half the whole days that any of them has read. Each reads the
 * ledger that it is given, so that a question that is given up ends its own reading and nobody else's.
 */
export function createCompletenessReaders(
  now: () => EpochMs,
): (ledger: Pick<CoverageLedger, "readTimeline">) => CompletenessReader {
  const known = createExpiringCache<CoverageStretch[]>(ENTRIES_MAX);

  async function readDays(
    ledger: Pick<CoverageLedger, "readTimeline">,
    { stream, marketId, assetId }: CoverageScope,
    { fromMs, toMs }: { fromMs: EpochMs; toMs: EpochMs },
  ): Promise<CoverageStretch[]> {
    const key = [stream, marketId, assetId, fromMs, toMs].join("|");
    const askedMs = now();
    const remembered = known.get(key, askedMs);
    if (remembered) return remembered;
    const read = await ledger.readTimeline({ stream, marketId, assetId, fromMs, toMs });
    known.set(key, read, askedMs + KEPT_MS);
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
