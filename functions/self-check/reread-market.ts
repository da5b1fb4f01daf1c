import {
  DAY_MS,
  type EpochMs,
  hasCode,
  numberEqualTrades,
  type RejectedRecord,
  type RowSet,
  SECOND_MS,
  type Trade,
} from "@polytape/market-model";
import type { PolymarketSource, TradePage } from "@polytape/polymarket-source";

/** What the ledger speaks of: one row per taker order. */
export const CHECKED_ROW_SET: RowSet = "taker";
/** Rows a full page holds, by the upstream's limit. */
const PAGE_ROWS_MAX = 1_000;
/** The upstream will not serve this market, or not in one piece: trying again at once would not help. */
const CUTTING = ["upstream_refused", "cursor_refused", "rows_disordered"];

/** What the upstream serves of one market's day. */
export interface Reread {
  readonly trades: readonly Trade[];
  readonly rejected: readonly RejectedRecord[];
  readonly pages: number;
  readonly startedMs: EpochMs;
  /** The first second of the day from which on every row was read; the day's end when none was. */
  readonly readFromSeconds: number;
  /** Seconds of which the upstream served only a part. */
  readonly cutSeconds: ReadonlySet<number>;
  readonly isWhole: boolean;
  /** The feed ended above the day's first second: the upstream serves no older row, or says so wrongly. */
  readonly isEndOfFeed: boolean;
  /** The call's time was over. */
  readonly isOutOfTime: boolean;
}

export interface RereadParts {
  readonly source: Pick<PolymarketSource, "readTradePage" | "readStatus">;
  readonly signal: AbortSignal;
  now(): EpochMs;
}

/**
 * Reads a market's day, and believes the end of its feed only when a second reading ends at the same rows: one short
 * answer must not prove that there is nothing older.
 */
export async function rereadSurely(
  parts: RereadParts,
  market: { marketId: string; dayMs: EpochMs },
  pagesMax: number,
): Promise<Reread> {
  const first = await rereadMarket(parts, market, pagesMax);
  if (!first.isWhole || !first.isEndOfFeed) return first;
  const second = await rereadMarket(parts, market, Math.max(1, pagesMax - first.pages));
  const again = { ...second, pages: first.pages + second.pages };
  return second.isEndOfFeed && isSame(first.trades, second.trades) ? again : provesNothing(again, market);
}

/** What was read stands, and nothing is known of what was not. */
export function provesNothing(reread: Reread, { dayMs }: { dayMs: EpochMs }): Reread {
  return { ...reread, isWhole: false, readFromSeconds: (dayMs + DAY_MS) / SECOND_MS };
}

function isSame(one: readonly Trade[], other: readonly Trade[]): boolean {
  const ids = new Set(other.map(({ tradeId }) => tradeId));
  return one.length === other.length && one.every(({ tradeId }) => ids.has(tradeId));
}

/** Reads a market's own feed from its head down to the day's first second, as a walk of its own. */
export async function rereadMarket(
  { source, signal, now }: RereadParts,
  { marketId, dayMs }: { marketId: string; dayMs: EpochMs },
  pagesMax: number,
): Promise<Reread> {
  const day: Seconds = { from: dayMs / SECOND_MS, to: (dayMs + DAY_MS) / SECOND_MS };
  const walk = startWalk(day, now());
  while (walk.end === null && walk.pages < pagesMax) {
    if (signal.aborted) {
      walk.end = "out_of_time";
      break;
    }
    const limit = PAGE_ROWS_MAX;
    try {
      takePage(
        walk,
        day,
        await source.readTradePage({ rowSet: CHECKED_ROW_SET, limit, cursor: walk.cursor, marketId }),
      );
    } catch (error) {
      if (hasCode(error, "call_aborted")) walk.end = "out_of_time";
      else if (CUTTING.some((code) => hasCode(error, code))) walk.end = "cut";
      else throw error;
    }
  }
  const { trades, rejected, pages, startedMs, cutSeconds, oldestSeconds } = walk;
  const isDown = walk.end === "whole";
  // The second in which a walk was left may be cut in two.
  const readFromSeconds = isDown ? day.from : Math.min(Math.max(oldestSeconds + 1, day.from), day.to);
  const isWhole = isDown && cutSeconds.size === 0;
  const isOutOfTime = walk.end === "out_of_time";
  const isEndOfFeed = isDown && oldestSeconds >= day.from;
  return {
    trades,
    rejected,
    pages,
    startedMs,
    readFromSeconds,
    cutSeconds,
    isWhole,
    isEndOfFeed,
    isOutOfTime,
  };
}

interface Seconds {
  readonly from: number;
  readonly to: number;
}

function startWalk(day: Seconds, startedMs: EpochMs) {
  return {
    startedMs,
    numberer: numberEqualTrades(),
    trades: [] as Trade[],
    rejected: [] as RejectedRecord[],
    cutSeconds: new Set<number>(),
    oldestSeconds: day.to,
    cursor: null as string | null,
    pages: 0,
    end: null as "whole" | "cut" | "out_of_time" | null,
  };
}

function takePage(walk: ReturnType<typeof startWalk>, day: Seconds, page: TradePage): void {
  const observed = { rowSet: CHECKED_ROW_SET, receivedAtMs: page.receivedAtMs };
  const numbered = walk.numberer.number(page.rows, observed);
  walk.trades.push(...numbered.filter(({ tsSeconds }) => tsSeconds >= day.from && tsSeconds < day.to));
  walk.rejected.push(...page.rejected);
  for (const second of page.cutSeconds)
    if (second >= day.from && second < day.to) walk.cutSeconds.add(second);
  walk.oldestSeconds = Math.min(walk.oldestSeconds, numbered.at(-1)?.tsSeconds ?? day.to);
  walk.pages += 1;
  walk.cursor = page.nextCursor;
  if (walk.oldestSeconds < day.from) walk.end = "whole";
  else if (page.nextCursor === null) walk.end = page.isCapped ? "cut" : "whole";
}
