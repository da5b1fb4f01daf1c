import { type CoverageStretch, type EpochMs, joinTimelines } from "@polytape/market-model";
import type { SeriesCandle } from "@polytape/market-store";

/**
 * The windows whose candle does not hold exactly the trades that are stored, oldest first. Trades are stored
 * first and candles made of them later, and a message about them may be late or lost: whatever the ledger
 * proves of the trades, such a candle proves nothing. Trades never change, so their number tells.
 */
export function pendingWindows(
  stored: readonly SeriesCandle[],
  tradesPerWindow: ReadonlyMap<EpochMs, number>,
): EpochMs[] {
  const inCandle = new Map(stored.map(({ openTimeMs, n }) => [openTimeMs, n]));
  const opens = new Set([...inCandle.keys(), ...tradesPerWindow.keys()]);
  return [...opens]
    .filter((openMs) => inCandle.get(openMs) !== tradesPerWindow.get(openMs))
    .sort((a, b) => a - b);
}

/** What is known of the trades, lessened by what is not in the candles yet; known trouble keeps its cause. */
export function withPendingWindows(
  timeline: readonly CoverageStretch[],
  pending: readonly EpochMs[],
  lengthMs: number,
): CoverageStretch[] {
  let first = 0;
  const pieces = timeline.flatMap((stretch) => {
    while ((pending[first] ?? Number.POSITIVE_INFINITY) + lengthMs <= stretch.fromMs) first += 1;
    const { state } = stretch;
    return state === "complete" || state === "unknown"
      ? cutOut(stretch, pending, first, lengthMs)
      : [stretch];
  });
  return joinTimelines([pieces]);
}

function cutOut(
  stretch: CoverageStretch,
  pending: readonly EpochMs[],
  first: number,
  lengthMs: number,
): CoverageStretch[] {
  const pieces: CoverageStretch[] = [];
  let sinceMs = stretch.fromMs;
  for (let place = first; ; place += 1) {
    const openMs = pending[place];
    if (openMs === undefined || openMs >= stretch.toMs) break;
    const fromMs = Math.max(openMs, stretch.fromMs);
    const toMs = Math.min(openMs + lengthMs, stretch.toMs);
    if (sinceMs < fromMs) pieces.push({ ...stretch, fromMs: sinceMs, toMs: fromMs });
    pieces.push({ fromMs, toMs, state: "partial", cause: "candles_pending" });
    sinceMs = toMs;
  }
  if (sinceMs < stretch.toMs) pieces.push({ ...stretch, fromMs: sinceMs });
  return pieces;
}
