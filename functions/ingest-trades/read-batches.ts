import { hasCode, type RejectedRecord, type Trade } from "@polytape/market-model";
import type { TradePage } from "@polytape/polymarket-source";
import type { IngestTradesParts } from "./ingest-trades.ts";
import { advanceWalk, type SecondOfTrades, type Walk, type WalkEnd } from "./walk.ts";

/** Rows a full page holds, by the upstream's limit. */
export const PAGE_ROWS_MAX = 1_000;

/** Pages read together, to be stored together. */
export interface WalkBatch {
  /** The walk as it stands after these pages. */
  readonly walk: Walk;
  readonly trades: readonly Trade[];
  readonly rejected: readonly RejectedRecord[];
  readonly pages: number;
  readonly end: WalkEnd;
  /** The upstream failed after these pages: they stand, and the run ends with this. */
  readonly failure: unknown;
}

/**
 * Reads on from where the walk stands until it ends, the budget of pages is spent, the time is over or
 * the upstream fails. The next page is already under way while one is being looked at.
 */
export async function* readBatches(
  { source, feed, budget, signal }: IngestTradesParts,
  start: { readonly walk: Walk; readonly firstPage: TradePage | null },
  anchor: SecondOfTrades | null,
): AsyncGenerator<WalkBatch> {
  const read = (cursor: string | null): Promise<TradePage> => {
    const page = source.readTradePage({ rowSet: feed.rowSet, limit: PAGE_ROWS_MAX, cursor });
    // Looked at when its turn comes; a failure before that is not unhandled.
    page.catch(() => {});
    return page;
  };
  let { walk } = start;
  let pagesLeft = budget.pagesMax;
  let next: Promise<TradePage> | null = start.firstPage
    ? Promise.resolve(start.firstPage)
    : read(walk.cursor);

  while (next) {
    const trades: Trade[] = [];
    const rejected: RejectedRecord[] = [];
    let pages = 0;
    let end: WalkEnd = null;
    let failure: unknown = null;
    while (next && trades.length < budget.batchRowsMax) {
      try {
        const page = await next;
        const step = advanceWalk(walk, anchor, page, feed.rowSet);
        walk = step.walk;
        end = step.end;
        pages += 1;
        pagesLeft -= 1;
        next = end === null && pagesLeft > 0 && !signal.aborted ? read(walk.cursor) : null;
        trades.push(...step.trades);
        rejected.push(...page.rejected);
      } catch (error) {
        // Out of time is no failure: the walk stays open where it is.
        if (!hasCode(error, "call_aborted")) failure = error;
        next = null;
      }
    }
    yield { walk, trades, rejected, pages, end, failure };
  }
}
