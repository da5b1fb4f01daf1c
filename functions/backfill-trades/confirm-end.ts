import { MINUTE_MS, SECOND_MS } from "@polytape/market-model";
import type { MarketStore } from "@polytape/market-store";
import type { Backfill, Walk } from "./backfill-state.ts";

/** Walks that may end at different rows before what lies below them is called missing. */
const WALKS_MAX = 5;

export interface JudgedEnd {
  readonly end: Walk["end"];
  /** What the next walk's end is compared with; null when there is nothing to confirm. */
  readonly feedEnd: Backfill["feedEnd"];
}

/**
 * Whether the end of one market's feed is to be believed: one answer with too few rows, or none, looks the same. So a
 * second walk must end at the same row, and nothing that was asked for may be stored below it. After
 * walks enough that do not agree it counts as a cap. An end that is not decided is no end: the walk begins anew.
 */
export async function judgeEnd(
  { trades }: Pick<MarketStore, "trades">,
  { marketId, fromSeconds, toSeconds, feedEnd }: Backfill,
  { end, oldestRow, oldestSeconds }: Walk,
): Promise<JudgedEnd> {
  if (end !== "feed_end" || marketId === null) return { end, feedEnd: null };
  if (feedEnd?.row === oldestRow) {
    const toMs = Math.min(oldestSeconds ?? toSeconds, toSeconds) * SECOND_MS;
    const below = { marketId, rowSet: "taker" as const, fromMs: fromSeconds * SECOND_MS, toMs };
    const stored = below.fromMs < toMs ? await trades.findTrades({ ...below, sort: "desc", limit: 1 }) : [];
    if (stored.length === 0) return { end, feedEnd: null };
  }
  const walks = (feedEnd?.walks ?? 0) + 1;
  if (walks >= WALKS_MAX) return { end: "capped", feedEnd: null };
  return { end: null, feedEnd: { row: oldestRow, walks } };
}

/** When the next walk may begin: the longer they disagree the later. */
export function confirmAfterMs({ walks }: NonNullable<Backfill["feedEnd"]>): number {
  return (2 ** (walks - 1) - 1) * MINUTE_MS;
}
