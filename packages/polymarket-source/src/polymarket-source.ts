import { setTimeout as sleepMs } from "node:timers/promises";
import type { EpochMs, Market, ObservedBook, RejectedRecord, RowSet, TradeRow } from "@polytape/market-model";
import { readBooks } from "./clob/read-books.ts";
import { readStatus } from "./data-api/read-status.ts";
import { readTradePage } from "./data-api/read-trade-page.ts";
import { type AbsentRoutes, rememberAbsentRoutes } from "./data-api/route-absent.ts";
import { findMarket, findMarkets, readMarketPage } from "./gamma/read-markets.ts";
import { createUpstream, type SourcePlatform, type UpstreamUse } from "./http/upstream.ts";
import { createLimiter } from "./limits/limiter.ts";

/** Seconds of event time: from included, to excluded. */
export interface SecondsStretch {
  readonly fromSeconds: number;
  readonly toSeconds: number;
}

/** One page of the trade feed, newest row first. Bad rows are set aside, the others stand. */
export interface TradePage {
  readonly rows: readonly TradeRow[];
  readonly rejected: readonly RejectedRecord[];
  /** Where in event time each of those stands: its second, or from its older to its newer neighbour on the page. */
  readonly rejectedStretches?: readonly SecondsStretch[];
  /** Where the next older page starts; null at the end of what the upstream serves. Opaque. */
  readonly nextCursor: string | null;
  readonly receivedAtMs: EpochMs;
  /** The upstream's interface that served it: v1 only while the upstream has no v2. */
  readonly version: "v1" | "v2";
  /** Seconds of event time with more rows than the interface pages through: the page holds a part of theirs. */
  readonly cutSeconds: readonly number[];
  /** The interface refuses to page on, though older rows exist: the end of what it serves, not of the feed. */
  readonly isCapped: boolean;
}

export interface TradePageQuery {
  readonly rowSet: RowSet;
  /** Rows a page, 1 to 1000. Ignored by v2 when a cursor is given (the cursor's size wins), and by v1: always full pages. */
  readonly limit: number;
  /** Null for the head of the feed. Never to be used with another `rowSet` or market than it came from. */
  readonly cursor: string | null;
  /** Only the trades of this market (condition id), three years back; without it the bare feed of all markets. */
  readonly marketId?: string | undefined;
}

/** One page of the market catalogue. */
export interface MarketPage {
  readonly markets: readonly Market[];
  readonly rejected: readonly RejectedRecord[];
  /** Null at the end (the upstream leaves it out); a short page is not the end. */
  readonly nextCursor: string | null;
  readonly receivedAtMs: EpochMs;
}

export interface MarketPageQuery {
  /** The upstream defaults to open markets only, so it is always said. */
  readonly closed: boolean;
  /** `updated`: what changed last comes first. `id`: lowest Gamma id first; `newest`: highest first. */
  readonly order: "updated" | "id" | "newest";
  readonly cursor: string | null;
}

export interface BookAnswer {
  /** Levels best first; `verified` says whether the hash agreed. */
  readonly books: readonly ObservedBook[];
  readonly rejected: readonly RejectedRecord[];
  /** Tokens asked for that the upstream has no book of (it leaves them out without a word). */
  readonly missing: readonly string[];
}

/** How far the upstream itself is behind the chain; of v1, which does not say it, at most how far. */
export interface UpstreamStatus {
  readonly lagSeconds: number;
  readonly computedAtMs: EpochMs;
}

/**
 * Polymarket's public read side, in our words. The only place that knows its endpoints, paging, wire
 * formats and limits. Every call has a timeout, bounded retries of what is transient, and keeps its share
 * of the documented limits.
 *
 * Throws PolytapeError, kind `operating`: `upstream_unavailable` (no answer, 5xx, broken body, after all
 * tries), `upstream_throttled` (429, or HTML where JSON was due, after all tries; facts.retryAfterMs),
 * `upstream_refused` (another 4xx), `upstream_malformed` (JSON of an unknown shape as a whole),
 * `cursor_refused` (the upstream no longer knows a cursor: start again from the head), `call_aborted` (the
 * caller's signal). facts: endpoint, status, tries, reason, isJson (the API itself spoke), and version_changed
 * with a cursor that is refused because its interface is gone; never a body.
 */
export interface PolymarketSource {
  readTradePage(query: TradePageQuery): Promise<TradePage>;
  readMarketPage(query: MarketPageQuery): Promise<MarketPage>;
  /** At most 40 ids a call; unknown ones are absent. Asks for open and closed ones. */
  findMarkets(marketIds: readonly string[]): Promise<Omit<MarketPage, "nextCursor">>;
  /** Null when Gamma does not know it. */
  findMarketBySlug(slug: string): Promise<Market | null>;
  findMarketByGammaId(gammaId: string): Promise<Market | null>;
  /** Any number of tokens; cut into batches. */
  readBooks(assetIds: readonly string[]): Promise<BookAnswer>;
  readStatus(): Promise<UpstreamStatus>;
}

export interface PolymarketSettings {
  readonly gammaUrl: string;
  readonly dataUrl: string;
  readonly clobUrl: string;
  /**
   * The part of the upstream's documented limits that this caller may use (0 < share ≤ 1). The limits are
   * per address and there is no distributed limiter, so the shares are fixed: tail 0.4, backfill 0.4,
   * settle walk and look-ups 0.2.
   */
  readonly limitShare: number;
  readonly timeoutMs: number;
  readonly triesMax: number;
}

export interface PolymarketConnection extends PolymarketSource {
  /**
   * The same connection, with the same limits and the same memory of throttling, whose calls end when the
   * signal aborts: for one run of a function that connects once per process.
   */
  withSignal(signal: AbortSignal): SourceOfOneRun;
}

export interface SourceOfOneRun extends PolymarketSource {
  /** Of the calls made through this one alone. */
  use(): UpstreamUse;
}

/**
 * Connects to Polymarket's three REST hosts. Nothing is sent before the first call. Limits are kept in the
 * memory of this connection, so a process makes one and shares it.
 */
export function connectPolymarket(
  settings: PolymarketSettings,
  platform: Partial<SourcePlatform> = {},
): PolymarketConnection {
  const limiter = createLimiter(settings.limitShare);
  const absent = rememberAbsentRoutes();
  const surroundings: SourcePlatform = {
    now: Date.now,
    random: Math.random,
    sleep: (ms, signal) => sleepMs(ms, undefined, signal ? { signal } : {}),
    fetch: globalThis.fetch,
    signal: undefined,
    ...platform,
  };
  const sourceWith = (signal: AbortSignal | undefined) =>
    createSource(settings, createUpstream(settings, limiter, { ...surroundings, signal }), absent);
  return { ...sourceWith(surroundings.signal), withSignal: sourceWith };
}

function createSource(
  { gammaUrl, dataUrl, clobUrl }: PolymarketSettings,
  upstream: ReturnType<typeof createUpstream>,
  absent: AbsentRoutes,
): SourceOfOneRun {
  return {
    use: upstream.use,
    readTradePage: (query) => readTradePage(upstream, dataUrl, absent, query),
    readMarketPage: (query) => readMarketPage(upstream, gammaUrl, query),
    findMarkets: (marketIds) => findMarkets(upstream, gammaUrl, marketIds),
    findMarketBySlug: async (slug) =>
      isSegment(slug) ? findMarket(upstream, gammaUrl, `slug/${encodeURIComponent(slug)}`) : null,
    findMarketByGammaId: async (gammaId) =>
      /^\d{1,20}$/.test(gammaId) ? findMarket(upstream, gammaUrl, gammaId) : null,
    readBooks: (assetIds) => readBooks(upstream, clobUrl, assetIds),
    readStatus: () => readStatus(upstream, dataUrl, absent),
  };
}

/** An empty segment or one of dots would change the path. */
function isSegment(text: string): boolean {
  return /[^.]/.test(text) && text.length <= 500;
}
