import { hasCode } from "@polytape/market-model";
import type { MarketStore } from "@polytape/market-store";
import type { MarketPage, MarketPageQuery, PolymarketSource } from "@polytape/polymarket-source";

/** Reads one page and stores what it holds; null when the cursor leads nowhere, so that the walk must end. */
export type PageReader = (query: MarketPageQuery) => Promise<MarketPage | null>;

/** What the pages of one run came to. */
export interface Tally {
  pages: number;
  created: number;
  updated: number;
  unchanged: number;
  changes: number;
  rejected: number;
  refusedCursors: number;
}

export function startTally(): Tally {
  return { pages: 0, created: 0, updated: 0, unchanged: 0, changes: 0, rejected: 0, refusedCursors: 0 };
}

/**
 * Makes the reader of a run. A cursor that the upstream refuses, or that leads back to itself, is counted;
 * every other failure is thrown on.
 */
export function readIntoStore(
  deps: {
    readonly source: Pick<PolymarketSource, "readMarketPage">;
    readonly store: Pick<MarketStore, "markets" | "rejections">;
  },
  tally: Tally,
): PageReader {
  return async (query) => {
    const page = await readUnlessRefused(deps.source, query);
    if (page === null || (page.nextCursor !== null && page.nextCursor === query.cursor)) {
      tally.refusedCursors += 1;
      return null;
    }
    const stored = await deps.store.markets.storeMarkets(page.markets, page.receivedAtMs);
    if (page.rejected.length > 0) await deps.store.rejections.keepSamples(page.rejected);
    tally.pages += 1;
    tally.rejected += page.rejected.length;
    for (const count of ["created", "updated", "unchanged", "changes"] as const)
      tally[count] += stored[count];
    return page;
  };
}

async function readUnlessRefused(
  source: Pick<PolymarketSource, "readMarketPage">,
  query: MarketPageQuery,
): Promise<MarketPage | null> {
  try {
    return await source.readMarketPage(query);
  } catch (error) {
    if (query.cursor !== null && hasCode(error, "cursor_refused")) return null;
    throw error;
  }
}
