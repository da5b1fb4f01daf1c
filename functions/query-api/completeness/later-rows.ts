import { type CoverageStretch, type EpochMs, joinTimelines } from "@polytape/market-model";

/** What was stored after the moment that pages are bound to: such rows are in none of them. */
export interface LaterRows {
  readonly fromMs: EpochMs;
  /** Excluded. */
  readonly toMs: EpochMs;
}

/**
 * What is known of the trades, lessened by rows that the pages leave out because they were stored after the
 * first of them was read. The ledger knows those rows and may call their time complete by now; an answer without them is
 * not. Known trouble keeps its cause.
 */
export function withoutLaterRows(
  timeline: readonly CoverageStretch[],
  later: LaterRows | null,
): CoverageStretch[] {
  if (later === null) return [...timeline];
  return joinTimelines([timeline.flatMap((stretch) => cutOut(stretch, later))]);
}

function cutOut(stretch: CoverageStretch, later: LaterRows): CoverageStretch[] {
  const fromMs = Math.max(stretch.fromMs, later.fromMs);
  const toMs = Math.min(stretch.toMs, later.toMs);
  const isTrouble = stretch.state === "partial" || stretch.state === "missing";
  if (fromMs >= toMs || isTrouble) return [stretch];
  const pieces: CoverageStretch[] = [
    { ...stretch, toMs: fromMs },
    { fromMs, toMs, state: "partial", cause: "stored_after_as_of" },
    { ...stretch, fromMs: toMs },
  ];
  return pieces.filter((piece) => piece.fromMs < piece.toMs);
}
