import { hasCode, type RejectedRecord, type Trade } from "@polytape/market-model";
import type { PolymarketSource, TradePage } from "@polytape/polymarket-source";
import { advanceWalk, BACKFILL_ROW_SET, type WalkEnd } from "./advance-walk.ts";
import type { Backfill, Walk } from "./backfill-state.ts";

/** Rows a full page holds, by the upstream's limit. */
const PAGE_ROWS_MAX = 1_000;

/** Pages read together, to be stored together. */
export interface WalkBatch {
  /** The walk as it stands after these pages. */
  readonly walk: Walk;
  readonly trades: readonly Trade[];
  readonly rejected: readonly RejectedRecord[];
  readonly pages: number;
  /** The head of the feed, when it was among these pages. */
  readonly head: TradePage | null;
  readonly end: WalkEnd;
  /** The upstream failed after these pages: they stand, and the run ends with this. */
  readonly failure: unknown;
}

export interface ReadingParts {
  readonly source: Pick<PolymarketSource, "readTradePage">;
  readonly signal: AbortSignal;
  readonly budget: { readonly pagesMax: number; readonly batchPages: number };
}

/**
 * Reads on from where the walk stands until it ends, the budget of pages is spent, the time is over or the
 * upstream fails. The next page is already under way while one is being looked at or stored.
 */
export async function* readBatches(
  { source, budget, signal }: ReadingParts,
  { marketId, fromSeconds, walk: start }: Backfill,
): AsyncGenerator<WalkBatch> {
  const read = (cursor: string | null): Promise<TradePage> => {
    const filter = marketId === null ? {} : { marketId };
    const page = source.readTradePage({ rowSet: BACKFILL_ROW_SET, limit: PAGE_ROWS_MAX, cursor, ...filter });
    // Looked at when its turn comes; a failure before that is not unhandled.
    page.catch(() => {});
    return page;
  };
  let walk = start;
  let pagesLeft = budget.pagesMax;
  let next: Promise<TradePage> | null = signal.aborted ? null : read(walk.cursor);

  while (next) {
    const trades: Trade[] = [];
    const rejected: RejectedRecord[] = [];
    let head: TradePage | null = null;
    let pages = 0;
    let end: WalkEnd = null;
    let failure: unknown = null;
    while (next && pages < budget.batchPages) {
      try {
        const page: TradePage = await next;
        if (walk.pages === 0) head = page;
        const step = advanceWalk(walk, fromSeconds, page);
        walk = step.walk;
        end = step.end;
        pages += 1;
        pagesLeft -= 1;
        next = end === null && pagesLeft > 0 && !signal.aborted ? read(walk.cursor) : null;
        trades.push(...step.trades);
        rejected.push(...page.rejected);
      } catch (error) {
        // Out of time is no failure: the walk stays where it is.
        if (!hasCode(error, "call_aborted")) failure = error;
        next = null;
      }
    }
    yield { walk, trades, rejected, pages, head, end, failure };
  }
}
