import { type EpochMs, SECOND_MS } from "@polytape/market-model";
import type { TradePage } from "@polytape/polymarket-source";
import type { Backfill, Estimate, Progress } from "./backfill-state.ts";

/**
 * On disk, after a merge: the benchmark `bytes per stored trade` (147 on a small index, less on larger ones),
 * rounded up. Candles come on top.
 */
const BYTES_PER_ROW = 150;
/** 40 % of the documented 200 requests in 10 s, each with a full page. */
const ROWS_PER_SECOND_MAX = 8_000;

/** Before the first row is stored: how much it will be, if all time is as busy as the newest page. */
export function estimateBackfill(
  backfill: Pick<Backfill, "fromSeconds" | "marketFromSeconds">,
  page: Pick<TradePage, "rows" | "nextCursor">,
  nowMs: EpochMs,
): Estimate {
  const { rows } = page;
  const fromSeconds = tradedFrom(backfill);
  const oldest = rows.at(-1)?.tsSeconds ?? 0;
  const spanSeconds = Math.max(1, Math.floor(nowMs / SECOND_MS) - oldest);
  const isAll = page.nextCursor === null || oldest < fromSeconds;
  const wantedSeconds = Math.max(1, Math.floor(nowMs / SECOND_MS) - fromSeconds);
  const count = isAll ? rows.length : Math.ceil((rows.length * wantedSeconds) / spanSeconds);
  return {
    rows: count,
    bytes: count * BYTES_PER_ROW,
    seconds: Math.ceil(count / ROWS_PER_SECOND_MAX),
  };
}

/** How far it is, by time walked over; rows left at the density met so far, time at the last run's rate. */
export function progressOf(
  backfill: Pick<Backfill, "fromSeconds" | "marketFromSeconds" | "state" | "walk" | "rowsPerSecond">,
): Progress {
  const { state, walk, rowsPerSecond } = backfill;
  if (state === "done") return { donePercent: 100, rowsLeft: 0, secondsToGo: 0 };
  const headSeconds = Math.floor(walk.openedAtMs / SECOND_MS);
  const walked = headSeconds - (walk.oldestSeconds ?? headSeconds);
  const wanted = Math.max(1, headSeconds - tradedFrom(backfill));
  const share = Math.min(1, Math.max(0, walked / wanted));
  const rowsLeft = walked > 0 ? Math.max(0, Math.round((walk.rows / walked) * (wanted - walked))) : null;
  return {
    donePercent: Math.floor(share * 1_000) / 10,
    rowsLeft,
    secondsToGo: rowsLeft !== null && rowsPerSecond ? Math.ceil(rowsLeft / rowsPerSecond) : null,
  };
}

/** The first second in which there may be trades: a market has none from before it was made. */
function tradedFrom({
  fromSeconds,
  marketFromSeconds,
}: Pick<Backfill, "fromSeconds" | "marketFromSeconds">): number {
  return Math.max(fromSeconds, marketFromSeconds ?? fromSeconds);
}
