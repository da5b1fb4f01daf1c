import type { EpochMs } from "@polytape/market-model";
import type { MarketPage } from "@polytape/polymarket-source";
import { z } from "zod";

const stretch = z.object({ cursor: z.string(), untilMs: z.number() });

/** What is remembered between runs about the "updated last" feed of one kind of market (open or closed). */
export const recentFeedState = z.object({
  /** Newest `updatedAt` seen; null before the first page. */
  newestMs: z.number().nullable(),
  /** What a bound left unread, from `cursor` down to `untilMs`; null when nothing is. */
  leftover: stretch.nullable(),
});
export type RecentFeedState = z.infer<typeof recentFeedState>;

/**
 * One run over the feed, newest update first: `reading` is the stretch under way (null: nothing to read),
 * `waiting` the leftover of earlier runs, which comes after the head.
 */
export interface RecentWalk {
  readonly newestMs: EpochMs | null;
  readonly reading: { readonly cursor: string | null; readonly untilMs: EpochMs | null } | null;
  readonly waiting: RecentFeedState["leftover"];
}

type Page = Pick<MarketPage, "markets" | "nextCursor" | "receivedAtMs">;

/**
 * Starts at the head. It ends where the last run began, `overlapMs` further down, because updates become
 * visible a little out of order. The very first run reads one page to set the mark: the sweep reads the rest.
 */
export function openRecentWalk(state: RecentFeedState, overlapMs: number): RecentWalk {
  const untilMs = state.newestMs === null ? null : state.newestMs - overlapMs;
  return { newestMs: state.newestMs, reading: { cursor: null, untilMs }, waiting: state.leftover };
}

/** The walk after a page was stored: further down, or on to the waiting leftover, or at its end. */
export function advanceRecentWalk(walk: RecentWalk, page: Page): RecentWalk {
  if (walk.reading === null) return walk;
  const { untilMs } = walk.reading;
  const newestMs = newestUpdate(walk.newestMs, page);
  if (page.nextCursor === null || untilMs === null || isWhollyOlder(page, untilMs))
    return { newestMs, reading: walk.waiting, waiting: null };
  return { newestMs, reading: { cursor: page.nextCursor, untilMs }, waiting: walk.waiting };
}

/**
 * What to remember when the walk stops here. An unfinished head and an older leftover become one leftover
 * that reaches down to the older end: some pages will be read again, none is forgotten.
 */
export function rememberRecentWalk(walk: RecentWalk): RecentFeedState {
  const { newestMs, reading, waiting } = walk;
  if (reading === null || reading.cursor === null || reading.untilMs === null)
    return { newestMs, leftover: waiting };
  const untilMs = Math.min(reading.untilMs, waiting?.untilMs ?? reading.untilMs);
  return { newestMs, leftover: { cursor: reading.cursor, untilMs } };
}

/** How far below the newest update the unread leftover reaches, in seconds; 0 when nothing is left. */
export function behindSeconds(state: RecentFeedState): number {
  if (state.newestMs === null || state.leftover === null) return 0;
  return Math.max(0, Math.round((state.newestMs - state.leftover.untilMs) / 1000));
}

/** Markets without `updatedAt` prove nothing, so a page of only such is not the end. */
function isWhollyOlder(page: Page, untilMs: EpochMs): boolean {
  const updates = updateTimes(page);
  return updates.length > 0 && updates.every((updatedAtMs) => updatedAtMs < untilMs);
}

/** A time ahead of the observation is not believed: it would make everything after it look old. */
function newestUpdate(newestMs: EpochMs | null, page: Page): EpochMs | null {
  const updates = updateTimes(page).map((updatedAtMs) => Math.min(updatedAtMs, page.receivedAtMs));
  const known = newestMs === null ? updates : [...updates, newestMs];
  return known.length === 0 ? null : Math.max(...known);
}

function updateTimes(page: Page): EpochMs[] {
  return page.markets.flatMap((market) => (market.updatedAtMs === null ? [] : [market.updatedAtMs]));
}
