import type {
  Book,
  BookSide,
  Candle,
  CandleInterval,
  EpochMs,
  Market,
  MarketStatus,
  ObservedBook,
  RejectedRecord,
  RowSet,
  Side,
  StoredTrade,
  Trade,
} from "@polytape/market-model";
import type { CoverageLedger } from "./coverage-ledger.ts";
import type { StoreRetention } from "./retention/store-retention.ts";
import type { StoreRoom } from "./room/store-room.ts";
import type { StoreBackups } from "./upkeep/store-backups.ts";
import type { StoreState, StoreVersions } from "./upkeep/store-state.ts";

/**
 * The tape's memory. The only place that knows OpenSearch. Every write may be repeated; a write that
 * returned is on disk (translog fsync per request) and survives a SIGKILL of the server.
 *
 * Throws PolytapeError, kind `operating`: `store_unavailable` (no answer), `store_refused` (an error
 * answer, or single documents refused after bounded retries; facts say how many and the gravest reason; kind `bug`
 * when the server cannot read what was sent),
 * `store_full` and `store_read_only` (nothing is taken until there is room, or somebody lifts the block),
 * `store_busy` (too much to do, also after bounded retries), `store_login_refused` (another user or password),
 * `store_conflict` (somebody else wrote in between; read again and decide).
 */
export interface MarketStore {
  readonly markets: MarketCatalogue;
  readonly trades: TradeTape;
  readonly candles: CandleShelf;
  readonly books: BookShelf;
  readonly checkpoints: Checkpoints;
  readonly coverage: CoverageLedger;
  readonly rejections: RejectionSamples;
  readonly retention: StoreRetention;
  readonly room: StoreRoom;
  readonly backups: StoreBackups;
  /** Cluster state and answer time; throws `store_unavailable`. */
  health(): Promise<{ status: "green" | "yellow" | "red"; tookMs: number }>;
  /** Of the server, and of the indices as the last migration left them. */
  versions(): Promise<StoreVersions>;
  /** Version, schema, disks and blocks, for an operator's eyes. */
  inspect(): Promise<StoreState>;
  /**
   * The same store, whose requests are given up when the signal fires, and then throw `store_unavailable`. The
   * server is told and cancels their searches; of writes that were on their way nothing is known.
   */
  cancelledBy(signal: AbortSignal): MarketStore;
  close(): Promise<void>;
}

export interface StoreSettings {
  /** One URL or several of one cluster. */
  readonly urls: readonly string[];
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  /** PEM; whoever signed the certificate of an https URL, when it is none of the well-known ones. */
  readonly certificateAuthority?: string | undefined;
  /** Put before every index name, so that tests and copies can share a server. Default none. */
  readonly indexPrefix?: string | undefined;
  readonly timeoutMs: number;
}

/**
 * When rows that are on disk are certain to be in every answer: indices refresh within a second, and the API
 * leaves out what is younger than two. Whoever states that something is complete waits for it, or an answer
 * could say "complete" and lack the rows that made it so.
 */
export const VISIBLE_AFTER_MS = 3_500;

// --- markets -----------------------------------------------------------------------------------------

export interface MarketCatalogue {
  /**
   * Writes what differs from what is stored, and one change document per observed version of what is
   * tracked (title, description, status, dates, outcomes without probability, fees, tick, tags). An
   * observation older than the stored one (by the venue's updatedAt, unless that lies more than five minutes
   * after its observation) changes nothing. Change documents are written before the market, so that a crash
   * between the two loses none.
   */
  storeMarkets(markets: readonly Market[], observedAtMs: EpochMs): Promise<StoredMarkets>;
  /** By condition id, in real time; unknown ones are absent. At most 1000. */
  findMarkets(marketIds: readonly string[]): Promise<Map<string, StoredMarket>>;
  /** By condition id, Gamma id or slug. */
  findMarket(anyId: string): Promise<StoredMarket | null>;
  /** The one that the venue updated last, of those updated at a moment or before it; as far as searches see it. */
  lastUpdatedMarket(upToMs: EpochMs): Promise<StoredMarket | null>;
  searchMarkets(query: MarketQuery): Promise<{ markets: StoredMarket[]; next: MarketPosition | null }>;
  /** Open markets that accept orders, most traded in 24 hours first. */
  mostActiveMarkets(limit: number): Promise<StoredMarket[]>;
}

export interface StoredMarket extends Market {
  readonly observedAtMs: EpochMs;
  readonly ingestedAtMs: EpochMs;
}

export interface StoredMarkets {
  readonly created: number;
  readonly updated: number;
  readonly unchanged: number;
  /** Change documents written. */
  readonly changes: number;
}

export interface MarketQuery {
  /** Words of the title or description. */
  readonly text?: string | undefined;
  readonly category?: string | undefined;
  readonly status?: MarketStatus | undefined;
  /** Close time, from included, to excluded. */
  readonly closeFromMs?: EpochMs | undefined;
  readonly closeToMs?: EpochMs | undefined;
  readonly limit: number;
  /** Either skip rows, or continue after a position. offset + limit ≤ 10,000. */
  readonly offset?: number | undefined;
  readonly after?: MarketPosition | undefined;
}

/** Sort values of the last market of a page: (close time, newest first; market id). */
export type MarketPosition = readonly [closeTimeMs: number, marketId: string];

// --- trades ------------------------------------------------------------------------------------------

export interface TradeTape {
  /** Creates what is not there yet. Trades never change: a repeat is counted and costs little. */
  createTrades(trades: readonly Trade[]): Promise<{ stored: number; repeated: number }>;
  /** Sorted by (ts, tie); asks only the days that can hold the answer. */
  findTrades(query: TradeQuery): Promise<StoredTrade[]>;
  /** Over the whole query, not a page. */
  aggregateTrades(query: TradeFilter): Promise<TradeAggregate>;
  /** How many there are. */
  countTrades(filter: TradeFilter): Promise<number>;
  /**
   * From when to when there are any; null: there are none. Not exact, it may lack what came in the last second, and costs
   * little where nothing was ingested later than the filter says.
   */
  findSpan(filter: TradeFilter, options: { readonly exact: boolean }): Promise<TradeSpan | null>;
  /** Makes what was written visible to searches, then reads all taker trades of the given minutes of tokens. */
  readMinutes(minutes: readonly TokenMinute[]): Promise<StoredTrade[]>;
  /** Event days that have an index, oldest first, as epoch ms of their start. */
  storedDays(): Promise<EpochMs[]>;
  /**
   * Minutes of tokens that have taker trades in the range, in order of (asset id, time), after a position. The
   * first page makes visible what was written before; later pages may lack what was written since.
   */
  listTokenMinutes(query: TokenMinutesQuery): Promise<TokenMinute[]>;
  /**
   * How many taker trades of a token are stored in each window that has any, by its start. Costs the trades of
   * the range once; the server remembers the answer of a day to which nothing was added.
   */
  countPerWindow(query: WindowCountsQuery): Promise<Map<EpochMs, number>>;
  /** Ids of the markets with trades on one event day, ascending, after an id. Sees a write after a second. */
  listMarketIds(query: DayMarketsQuery): Promise<string[]>;
}

export interface TokenMinutesQuery {
  readonly marketId?: string | undefined;
  /** Event time, from included, to excluded; some days at most. */
  readonly fromMs: EpochMs;
  readonly toMs: EpochMs;
  readonly after?: TokenMinute | undefined;
  /** At most 10,000. */
  readonly limit: number;
}

export interface WindowCountsQuery {
  /** Known to all who ask, and what the rows on disk are ordered by. */
  readonly marketId: string;
  readonly assetId: string;
  readonly interval: CandleInterval;
  /** Event time, from included, to excluded, both aligned to the interval; at most 10,000 windows. */
  readonly fromMs: EpochMs;
  readonly toMs: EpochMs;
}

export interface DayMarketsQuery {
  /** Start of the event day. */
  readonly dayMs: EpochMs;
  /** Only by trades that were ingested then or later. */
  readonly ingestedFromMs?: EpochMs | undefined;
  readonly after?: string | undefined;
  /** At most 10,000. */
  readonly limit: number;
}

export interface TokenMinute {
  readonly assetId: string;
  readonly openTimeMs: EpochMs;
}

export interface TradeFilter {
  readonly marketId?: string | undefined;
  readonly assetId?: string | undefined;
  readonly side?: Side | undefined;
  readonly rowSet?: RowSet | undefined;
  /** Event time, from included, to excluded. */
  readonly fromMs?: EpochMs | undefined;
  readonly toMs?: EpochMs | undefined;
  /** Only what was ingested up to here: keeps pages stable while new trades arrive. */
  readonly asOfMs?: EpochMs | undefined;
  /** Only what was ingested later than this. */
  readonly ingestedAfterMs?: EpochMs | undefined;
}

export interface TradeQuery extends TradeFilter {
  readonly sort: "asc" | "desc";
  readonly limit: number;
  readonly offset?: number | undefined;
  readonly after?: TradePosition | undefined;
}

/** Sort values of the last trade of a page. */
export type TradePosition = readonly [tsMs: number, tie: number];

/** The event times of the first and the last of some trades. */
export interface TradeSpan {
  readonly firstMs: EpochMs;
  readonly lastMs: EpochMs;
}

/** Sums in millionths. */
export interface TradeAggregate {
  readonly n: number;
  readonly volume: number;
  readonly notional: number;
}

// --- candles -----------------------------------------------------------------------------------------

export interface CandleKey {
  readonly assetId: string;
  readonly interval: CandleInterval;
  readonly openTimeMs: EpochMs;
}

export interface StoredCandle extends Candle {
  /** Raised when the trade set changed after settling; belongs to the store, not to the candle. */
  readonly rev: number;
  readonly ingestedAtMs: EpochMs;
  /** For the guarded write. */
  readonly version: StoreVersion;
}

/** A candle as readers of a series need it: thousands are read at once, and what they need not is not fetched. */
export type SeriesCandle = Omit<StoredCandle, "marketId" | "tradeSetHash" | "ingestedAtMs" | "version">;

export interface CandleShelf {
  /** In real time, by key; unknown ones are absent from the map (keyed by `candleId`). */
  findByKeys(keys: readonly CandleKey[]): Promise<Map<string, StoredCandle>>;
  /**
   * Writes candles, each guarded by the version that was read before its trades (null: must not exist
   * yet). Returns the keys that lost against another writer: read those again and decide anew.
   */
  writeCandles(candles: readonly CandleWrite[]): Promise<{ written: number; conflicts: CandleKey[] }>;
  /** Makes visible what was written before the call, then reads all 1m candles in the windows. */
  readMinutes(windows: readonly CandleKey[]): Promise<StoredCandle[]>;
  /**
   * Keys of the stored candles of all intervals that open in the range, in order of (asset id, open time,
   * interval), after a key. The first page makes visible what was written before.
   */
  listKeys(query: CandleKeysQuery): Promise<CandleKey[]>;
  /** Oldest first. */
  findCandles(query: {
    assetId: string;
    interval: CandleInterval;
    fromMs: EpochMs;
    toMs: EpochMs;
    limit: number;
  }): Promise<SeriesCandle[]>;
  /** The last candle that opened before the moment; null when there is none. */
  findCandleBefore(query: {
    assetId: string;
    interval: CandleInterval;
    beforeMs: EpochMs;
  }): Promise<SeriesCandle | null>;
}

export interface CandleKeysQuery {
  readonly marketId?: string | undefined;
  /** Open time, from included, to excluded; a month at most. */
  readonly fromMs: EpochMs;
  readonly toMs: EpochMs;
  /** Only tokens above the one (excluded) and up to the other (included). */
  readonly aboveAssetId?: string | undefined;
  readonly upToAssetId?: string | undefined;
  readonly after?: CandleKey | undefined;
  /** At most 10,000. */
  readonly limit: number;
}

export interface CandleWrite {
  readonly candle: Candle;
  readonly rev: number;
  readonly replaces: StoreVersion | null;
}

// --- books -------------------------------------------------------------------------------------------

export interface BookShelf {
  /**
   * Writes both sides of each book as one document each, in one bulk. `previousSeenAtMs` is when the
   * token's previous book was last seen unchanged (null: none known). A book whose token and time are there
   * already is repeated, and nothing is written for it; with another hash it has collided, and is not kept.
   */
  storeBooks(
    books: readonly (ObservedBook & { readonly previousSeenAtMs: EpochMs | null })[],
  ): Promise<{ stored: number; repeated: number; collided: readonly BookCollision[] }>;
  /**
   * The book of a token at a moment: `before` the newest at or before it, `nearest` the nearest on either
   * side, a book counting from its change to when it was last seen. Null when there is none, or when only one
   * side's document is found. `lastSeenAtMs` is the last moment it is known to have stood unchanged, by what the
   * collector had noted a second ago or later: it may be earlier than what is known by now, never later.
   */
  findBook(query: {
    assetId: string;
    atMs: EpochMs;
    match: "before" | "nearest";
    side?: BookSide | undefined;
  }): Promise<FoundBook | null>;
}

/** A book that was not kept, because another one of the same token and millisecond stands in its place. */
export interface BookCollision {
  readonly assetId: string;
  readonly tsMs: EpochMs;
  /** Of the book that was not kept, and of the one that stands. */
  readonly hash: string;
  readonly storedHash: string;
}

export interface FoundBook extends Book {
  readonly observedAtMs: EpochMs;
  readonly lastSeenAtMs: EpochMs;
}

// --- bookkeeping -------------------------------------------------------------------------------------

/** Opaque version of a stored document. */
export interface StoreVersion {
  readonly seqNo: number;
  readonly primaryTerm: number;
}

/** Small named states in the same store as the data, so that a restored backup agrees with itself. */
export interface Checkpoints {
  read(name: string): Promise<{ state: unknown; version: StoreVersion } | null>;
  /** Guarded by the version that was read (null: must not exist yet). Throws `store_conflict`. */
  write(name: string, state: unknown, replaces: StoreVersion | null): Promise<StoreVersion>;
}

export interface RejectionSamples {
  /** Keeps each distinct bad record once (raw text cut to 8 kB); never throws for their content. */
  keepSamples(rejected: readonly RejectedRecord[]): Promise<void>;
  findSamples(query: { kind?: RejectedRecord["kind"] | undefined; limit: number }): Promise<RejectedRecord[]>;
}
