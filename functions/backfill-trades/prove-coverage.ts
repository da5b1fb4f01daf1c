import { type CoverageInterval, DAY_MS, SECOND_MS } from "@polytape/market-model";
import type { WalkEnd } from "./advance-walk.ts";
import type { Backfill, Walk } from "./backfill-state.ts";

/** How far back the upstream serves the feed of one market. The bare feed's window is not relied upon. */
const MARKET_WINDOW_DAYS = 3 * 365;

export interface Proof {
  /** What is newly known; each second is stated once, right after it was read, and never again by this walk. */
  readonly intervals: readonly CoverageInterval[];
  readonly coveredFromSeconds: number;
  /** Set when the upstream ended before what was asked for. */
  readonly servedFromSeconds: number | null;
}

/**
 * What the walk proves by having come this far. The second in which it stands may be cut in two, so it is
 * proven only when the walk has ended. (design 7.2)
 */
export function proveCoverage(backfill: Backfill, walk: Walk, end: WalkEnd): Proof {
  const down = provenDownTo(backfill, walk, end);
  const covered = down === null ? walk.coveredFromSeconds : Math.min(down, walk.coveredFromSeconds);
  const isCut = end === "feed_end" && down !== null && down > backfill.fromSeconds;
  // A feed that ends above all that was asked for has none of it.
  const missingTo = isCut ? Math.min(down, walk.coveredFromSeconds) : null;
  const interval = (fromSeconds: number, toSeconds: number) => ({
    stream: "trades" as const,
    marketId: backfill.marketId,
    assetId: null,
    fromMs: fromSeconds * SECOND_MS,
    toMs: toSeconds * SECOND_MS,
    evidence: evidenceOf(backfill, walk),
  });
  const intervals: CoverageInterval[] = [];
  if (covered < walk.coveredFromSeconds)
    intervals.push({ ...interval(covered, walk.coveredFromSeconds), state: "complete", cause: null });
  if (missingTo !== null && missingTo > backfill.fromSeconds) {
    const rest = interval(backfill.fromSeconds, missingTo);
    intervals.push({ ...rest, state: "missing", cause: "upstream_cap" });
  }
  return { intervals, coveredFromSeconds: covered, servedFromSeconds: isCut ? down : null };
}

/** The oldest second of which every row was read; null when that can't be said of any. */
function provenDownTo({ marketId, fromSeconds }: Backfill, walk: Walk, end: WalkEnd): number | null {
  const { oldestSeconds } = walk;
  if (end === "reached") return fromSeconds;
  if (end === null) return oldestSeconds === null ? null : Math.max(oldestSeconds + 1, fromSeconds);
  if (marketId !== null) {
    // Below a market's first trade there is nothing, as far back as its window reaches.
    const windowFrom = Math.ceil((walk.openedAtMs - MARKET_WINDOW_DAYS * DAY_MS) / SECOND_MS);
    return Math.max(fromSeconds, Math.min(windowFrom, oldestSeconds ?? windowFrom));
  }
  // The bare feed never rests: where it ends, the upstream has cut it.
  return oldestSeconds ?? Math.floor(walk.openedAtMs / SECOND_MS);
}

function evidenceOf({ id }: Backfill, walk: Walk): CoverageInterval["evidence"] {
  return {
    backfill: id,
    walk_id: walk.id,
    walk_opened_at: walk.openedAtMs,
    pages: walk.pages,
    rows: walk.rows,
    rejected: walk.rejected,
  };
}
