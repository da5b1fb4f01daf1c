import { PolytapeError, type RejectedRecord, type TradeRow } from "@polytape/market-model";
import type { TradePageQuery } from "../polymarket-source.ts";

export type FeedRecord = TradeRow | RejectedRecord;

/** A place behind a record, kept when others come before it. */
interface Place {
  readonly after: FeedRecord;
  /** How often the very same object stands further down: tests like to repeat one. */
  readonly repeatsBelow: number;
  readonly rowSet: string;
  readonly marketId: string | undefined;
  readonly limit: number;
}

/** Cuts pages of a feed with cursors like the real one's: behind a record, not at an offset, and with their own size. */
export function createFeedCursors() {
  const places = new Map<string, Place>();

  return function pageOf(feed: readonly FeedRecord[], query: TradePageQuery) {
    const place = query.cursor === null ? null : places.get(query.cursor);
    if (place === undefined || (place && !isOfFeed(place, query))) throw refusedCursor();
    const start = place ? indexOf(feed, place) + 1 : 0;
    const limit = place?.limit ?? query.limit;
    const end = start + limit;
    const records = feed.slice(start, end);
    const last = records.at(-1);
    if (last === undefined || end >= feed.length) return { records, nextCursor: null };

    const nextCursor = `trades-${places.size}`;
    const repeatsBelow = feed.slice(end).filter((record) => record === last).length;
    places.set(nextCursor, {
      after: last,
      repeatsBelow,
      rowSet: query.rowSet,
      marketId: query.marketId,
      limit,
    });
    return { records, nextCursor };
  };
}

/** The real upstream re-anchors silently when the filters change; here it is refused, so that a test sees it. */
function isOfFeed(place: Place, { rowSet, marketId }: TradePageQuery): boolean {
  return place.rowSet === rowSet && place.marketId === marketId;
}

function indexOf(feed: readonly FeedRecord[], { after, repeatsBelow }: Place): number {
  let index = feed.lastIndexOf(after);
  for (let below = 0; below < repeatsBelow && index > 0; below += 1)
    index = feed.lastIndexOf(after, index - 1);
  if (index < 0) throw refusedCursor();
  return index;
}

export function refusedCursor(): PolytapeError {
  return new PolytapeError(
    "operating",
    "cursor_refused",
    "The in-memory upstream does not know this cursor.",
  );
}
