import { numberEqualTrades, type RowSet, SECOND_MS, type Trade } from "@polytape/market-model";
import type { TradePage } from "@polytape/polymarket-source";
import type { Walk } from "./backfill-state.ts";
import { addDoubts } from "./doubtful-runs.ts";

/** Candles and volume use these, and "complete" speaks of them. */
export const BACKFILL_ROW_SET: RowSet = "taker";

/**
 * How a walk ended: below what was asked for, at the end of the feed, where the upstream refuses to page on though
 * there is more, or not yet.
 */
export type WalkEnd = Walk["end"];

export interface WalkStep {
  readonly walk: Walk;
  /** The page's trades down to the first second asked for. */
  readonly trades: readonly Trade[];
  readonly end: WalkEnd;
}

/**
 * Takes the next page into the walk. Rows newer than what was asked for are kept too: they are true, and
 * leaving them out would save nothing. Pure; throws `rows_disordered` like the numbering does.
 */
export function advanceWalk(before: Walk, fromSeconds: number, page: TradePage): WalkStep {
  const numberer = numberEqualTrades(before.openSecond);
  const all = numberer.number(page.rows, { rowSet: BACKFILL_ROW_SET, receivedAtMs: page.receivedAtMs });
  const trades = all.filter((trade) => trade.tsSeconds >= fromSeconds);
  const oldestSeconds = all.at(-1)?.tsSeconds ?? before.oldestSeconds;
  const end = endOf(page, oldestSeconds !== null && oldestSeconds < fromSeconds);
  const cut = page.cutSeconds.filter((second) => second >= fromSeconds && second < before.coveredFromSeconds);
  const newest = all[0]?.tsSeconds ?? null;
  // The first page may be newer than the clock here.
  const above = before.oldestSeconds ?? Math.max(newest ?? 0, Math.floor(page.receivedAtMs / SECOND_MS));
  const span = { newest, oldest: all.at(-1)?.tsSeconds ?? null, before: above };
  const walk: Walk = {
    ...before,
    ...addDoubts(before, page.rejected, span),
    cursor: page.nextCursor,
    pages: before.pages + 1,
    rows: before.rows + trades.length,
    rejected: before.rejected + page.rejected.length,
    newestSeconds: before.newestSeconds ?? all[0]?.tsSeconds ?? null,
    oldestSeconds,
    oldestRow: all.at(-1)?.tradeId ?? before.oldestRow,
    openSecond: numberer.openSecond(),
    end,
    upstream: before.upstream === "v1" ? "v1" : page.version,
    cutSeconds: [...new Set([...before.cutSeconds, ...cut])],
  };
  return { walk, trades, end };
}

function endOf(page: TradePage, isReached: boolean): WalkEnd {
  if (isReached) return "reached";
  if (page.isCapped) return "capped";
  return page.nextCursor === null ? "feed_end" : null;
}
