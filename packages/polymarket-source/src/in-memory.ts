import {
  type EpochMs,
  type Market,
  type ObservedBook,
  PolytapeError,
  type RejectedRecord,
  type TradeRow,
} from "@polytape/market-model";
import { PAGED_WHOLE } from "./data-api/paged-whole.ts";
import { FIND_IDS_MAX } from "./gamma/read-markets.ts";
import { pageOfMarkets, sortOut } from "./in-memory/market-pages.ts";
import { createFeedCursors } from "./in-memory/trade-feed.ts";
import type { PolymarketSource, UpstreamStatus } from "./polymarket-source.ts";

/** What an in-memory upstream serves. A rejected record among the others stands for a malformed one. */
export interface InMemoryContents {
  /** Newest first, as the feed is. */
  readonly trades?: readonly (TradeRow | RejectedRecord)[];
  readonly markets?: readonly (Market | RejectedRecord)[];
  readonly books?: readonly (ObservedBook | RejectedRecord)[];
  /** How an upstream that has v1 only serves the trades: not whole. Absent: by v2, whole. */
  readonly v1?: {
    /** Named by every page that holds a row of them. */
    readonly cutSeconds?: readonly number[];
    /** Rows older than this second are there, and never given. */
    readonly cappedBelowSeconds?: number;
  };
  readonly status?: UpstreamStatus;
  /** Markets a page; the real one has 100. */
  readonly marketsPerPage?: number;
  readonly now?: () => EpochMs;
}

export interface InMemorySource extends PolymarketSource {
  /** What was asked, in order. */
  readonly calls: readonly { readonly method: keyof PolymarketSource; readonly argument: unknown }[];
  /** Replaces what is named. A cursor of trades stays good as long as the row it stands behind is still there. */
  serve(contents: InMemoryContents): void;
  /** Rows that were made since: they come before all others, and move no cursor. */
  addNewestTrades(rowsNewestFirst: readonly (TradeRow | RejectedRecord)[]): void;
  /** Lets the nth call from now on (1 is the next) fail once. */
  failCall(nth: number, error?: PolytapeError): void;
}

/**
 * A Polymarket of handed-in records behind the same contract as the real one, for tests of what reads it:
 * cursors like the real feed's (behind a row, not at an offset), refusals of foreign cursors, failures on call.
 */
export function inMemorySource(initial: InMemoryContents = {}): InMemorySource {
  let contents = initial;
  const calls: { method: keyof PolymarketSource; argument: unknown }[] = [];
  const failures = new Map<number, PolytapeError>();
  const pageOfFeed = createFeedCursors();
  const now = () => (contents.now ?? Date.now)();
  const catalogue = () => sortOut(contents.markets ?? []).accepted;

  function called(method: keyof PolymarketSource, argument: unknown): void {
    calls.push({ method, argument });
    const failure = failures.get(calls.length);
    failures.delete(calls.length);
    if (failure) throw failure;
  }

  return {
    calls,
    serve: (changes) => {
      contents = { ...contents, ...changes };
    },
    addNewestTrades: (rows) => {
      contents = { ...contents, trades: [...rows, ...(contents.trades ?? [])] };
    },
    failCall: (nth, error = unavailable()) => {
      failures.set(calls.length + nth, error);
    },

    async readTradePage(query) {
      called("readTradePage", query);
      const { marketId } = query;
      const ofMarket = (record: TradeRow | RejectedRecord) =>
        marketId === undefined || ("marketId" in record && record.marketId === marketId);
      const { v1, trades = [] } = contents;
      const served = trades.filter(ofMarket).filter((record) => !isBelowCap(record, v1));
      const { records, nextCursor } = pageOfFeed(served, query);
      const { accepted, rejected } = sortOut(records);
      const page = { rows: accepted, rejected, nextCursor, receivedAtMs: now() };
      if (!v1) return { ...page, ...PAGED_WHOLE };
      const cutSeconds = (v1.cutSeconds ?? []).filter((cut) => accepted.some((row) => row.tsSeconds === cut));
      const isCapped = nextCursor === null && trades.some((record) => isBelowCap(record, v1));
      return { ...page, version: "v1", cutSeconds, isCapped };
    },

    async readMarketPage(query) {
      called("readMarketPage", query);
      return {
        ...pageOfMarkets(contents.markets ?? [], query, contents.marketsPerPage ?? 100),
        receivedAtMs: now(),
      };
    },
    async findMarkets(marketIds) {
      called("findMarkets", marketIds);
      if (marketIds.length > FIND_IDS_MAX) throw new PolytapeError("bug", "too_many_ids", "Too many ids.");
      const markets = catalogue().filter((market) => marketIds.includes(market.marketId));
      return { markets, rejected: [], receivedAtMs: now() };
    },
    async findMarketBySlug(slug) {
      called("findMarketBySlug", slug);
      return catalogue().find((market) => market.slug === slug) ?? null;
    },
    async findMarketByGammaId(gammaId) {
      called("findMarketByGammaId", gammaId);
      return catalogue().find((market) => market.gammaId === gammaId) ?? null;
    },
    async readBooks(assetIds) {
      called("readBooks", assetIds);
      const { accepted, rejected } = sortOut(contents.books ?? []);
      const books = accepted.filter((book) => assetIds.includes(book.assetId));
      const found = new Set(books.map((book) => book.assetId));
      return { books, rejected, missing: [...new Set(assetIds)].filter((assetId) => !found.has(assetId)) };
    },
    async readStatus() {
      called("readStatus", undefined);
      return contents.status ?? { lagSeconds: 4, computedAtMs: now() };
    },
  };
}

function isBelowCap(record: TradeRow | RejectedRecord, v1: InMemoryContents["v1"]): boolean {
  return "tsSeconds" in record && record.tsSeconds < (v1?.cappedBelowSeconds ?? 0);
}

function unavailable(): PolytapeError {
  return new PolytapeError("operating", "upstream_unavailable", "The in-memory upstream was told to fail.", {
    facts: { endpoint: "in-memory", status: 503, tries: 1 },
  });
}
