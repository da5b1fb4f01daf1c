import type { CoverageStretch, EpochMs } from "@polytape/market-model";
import type { SeriesCandle } from "@polytape/market-store";
import { completeness } from "../../completeness/coverage-block.ts";
import { type CandleAnswer, quietCandle, tradedCandle, unobservedCandle } from "./candle-answer.ts";

export interface Windows {
  /** Aligned. */
  readonly firstMs: EpochMs;
  readonly count: number;
  readonly lengthMs: number;
}

/**
 * One candle per window, evenly spaced. A window with trades is what was stored; one that is proven to be
 * complete and has none is quiet, at the last price that is proven; of any other nothing is known. A price
 * is never carried over a stretch in which there may have been another. A candle that does not hold all
 * stored trades of its window is shown as it stands and not final; where there is none yet, nothing is known.
 * (design 7.3)
 */
export function fillSeries(
  windows: Windows,
  stored: readonly SeriesCandle[],
  timeline: readonly CoverageStretch[],
  known: {
    readonly previousClose: number | null;
    readonly settledBeforeMs: EpochMs;
    /** Windows whose candle is not built, or not built anew since trades came. */
    readonly pending: readonly EpochMs[];
  },
): CandleAnswer[] {
  const byOpenTime = new Map(stored.map((candle) => [candle.openTimeMs, candle]));
  const isPending = new Set(known.pending);
  const completenessOf = windowCompleteness(timeline);
  let previousClose = known.previousClose;

  return Array.from({ length: windows.count }, (_, place) => {
    const openTimeMs = windows.firstMs + place * windows.lengthMs;
    const endMs = openTimeMs + windows.lengthMs;
    const complete = completenessOf(openTimeMs, endMs) === true && !isPending.has(openTimeMs);
    const settled = endMs <= known.settledBeforeMs;
    const candle = byOpenTime.get(openTimeMs);
    if (candle) {
      previousClose = complete ? candle.close : null;
      return tradedCandle(candle, settled && complete);
    }
    if (complete) return quietCandle(openTimeMs, previousClose, settled);
    previousClose = null;
    return unobservedCandle(openTimeMs);
  });
}

/** Completeness of windows that are asked oldest first; each stretch is looked at once or at its edges. */
export function windowCompleteness(timeline: readonly CoverageStretch[]) {
  let first = 0;
  return (fromMs: EpochMs, toMs: EpochMs): boolean | null => {
    while ((timeline[first]?.toMs ?? Number.POSITIVE_INFINITY) <= fromMs) first += 1;
    let end = first;
    while ((timeline[end]?.fromMs ?? Number.POSITIVE_INFINITY) < toMs) end += 1;
    return completeness(timeline.slice(first, end));
  };
}
