import { PolytapeError } from "@polytape/market-model";
import { z } from "zod";
import type { TradePageQuery } from "../polymarket-source.ts";

const PREFIX = "v1:";
const SECOND_MAX = 10_000_000_000;
const OFFSET_MAX = 100_000_000;

/** The last rows of a page, by which the next one is recognized as its continuation. */
const rowRun = z.strictObject({ rows: z.int().min(1).max(100), digest: z.string().max(64) });
export type RowRun = z.infer<typeof rowRun>;

const v1Place = z.strictObject({
  /** The newest second of event time of which not everything was given yet. */
  second: z.int().min(0).max(SECOND_MAX),
  /** Whether the last page showed rows of that second and left them to this one: it must show them again. */
  isSeen: z.boolean(),
  /** Whether the page is cut from the closed window that ends at this second, or from the feed's moving head. */
  isWindowed: z.boolean(),
  /** Rows of the window, or of the feed, above the page. */
  offset: z.int().min(0).max(OFFSET_MAX),
  /** There when a part of the second was given: the page goes on behind these rows. */
  open: rowRun.nullable(),
  /** Pages in a row that gave nothing. */
  idlePages: z.int().min(0).max(100),
});
/** Where the next page of v1 begins. */
export type V1Place = z.infer<typeof v1Place>;

const v1Cursor = z.strictObject({ feed: z.string().max(200), place: v1Place });

/** Whether a cursor was given by the reading of v1. */
export function isV1Cursor(cursor: string): boolean {
  return cursor.startsWith(PREFIX);
}

export function writeV1Cursor(query: TradePageQuery, place: V1Place): string {
  const text = JSON.stringify({ feed: feedOf(query), place });
  return PREFIX + Buffer.from(text).toString("base64url");
}

/** Throws `cursor_refused` for what was not given for this feed. */
export function readV1Cursor(query: TradePageQuery, cursor: string): V1Place {
  const outcome = v1Cursor.safeParse(parseJson(cursor.slice(PREFIX.length)));
  if (outcome.success && outcome.data.feed === feedOf(query)) return outcome.data.place;
  throw new PolytapeError("operating", "cursor_refused", "A cursor of v1 pages is not one of this feed.", {
    facts: { reason: "unknown cursor of v1 pages" },
  });
}

function feedOf({ rowSet, marketId }: TradePageQuery): string {
  return `${rowSet} ${marketId ?? ""}`;
}

/** Undefined when it is not JSON. */
function parseJson(base64: string): unknown {
  try {
    return JSON.parse(Buffer.from(base64, "base64url").toString("utf8"));
  } catch {
    return undefined;
  }
}
