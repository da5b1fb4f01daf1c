import { type CoverageInterval, DAY_MS, type EpochMs, windowStart } from "@polytape/market-model";
import type { CoverageLedger } from "@polytape/market-store";
import { createExpiringCache } from "../catalogue/expiring-cache.ts";
import { type Scope, type Stretch, timelineOf } from "./timeline.ts";

const KEPT_MS = 2_000;
const ENTRIES_MAX = 500;
/** Entries of the ledger read for one question; what lies beyond counts as unknown. */
export const LEDGER_ENTRIES_MAX = 2_000;

/** What is known about a stretch of time. Whole days are read and remembered for two seconds. */
export interface CompletenessReader {
  timeline(scope: Scope, fromMs: EpochMs, toMs: EpochMs): Promise<Stretch[]>;
}

export function createCompletenessReader(
  ledger: Pick<CoverageLedger, "findIntervals">,
  now: () => EpochMs,
): CompletenessReader {
  const known = createExpiringCache<Promise<CoverageInterval[]>>(ENTRIES_MAX);

  function readDays(
    { stream, marketId }: Scope,
    fromMs: EpochMs,
    toMs: EpochMs,
  ): Promise<CoverageInterval[]> {
    const key = `${stream}|${marketId ?? ""}|${fromMs}|${toMs}`;
    const remembered = known.get(key, now());
    if (remembered) return remembered;
    const reading = ledger.findIntervals({ stream, marketId, fromMs, toMs, limit: LEDGER_ENTRIES_MAX });
    known.set(key, reading, now() + KEPT_MS);
    reading.catch(() => known.set(key, reading, 0));
    return reading;
  }

  return {
    async timeline(scope, fromMs, toMs) {
      if (fromMs >= toMs) return [];
      const firstDayMs = windowStart(fromMs, DAY_MS);
      const intervals = await readDays(scope, firstDayMs, windowStart(toMs - 1, DAY_MS) + DAY_MS);
      return timelineOf(cutWhereUnread(intervals), scope, fromMs, toMs);
    },
  };
}

/** The ledger answers oldest first: when it was not read to its end, nothing is known past the last start. */
function cutWhereUnread(intervals: readonly CoverageInterval[]): readonly CoverageInterval[] {
  const last = intervals.at(-1);
  if (!last || intervals.length < LEDGER_ENTRIES_MAX) return intervals;
  return intervals
    .filter(({ fromMs }) => fromMs < last.fromMs)
    .map((interval) => ({ ...interval, toMs: Math.min(interval.toMs, last.fromMs) }));
}
