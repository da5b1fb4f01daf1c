import { type EpochMs, MINUTE_MS, tradeTsMs } from "@polytape/market-model";
import { BOOKS_CHECKPOINT, booksCheckpointState, type MarketStore } from "@polytape/market-store";

/** The newest thing of a stream, in the venue's time and in ours; null: not known. */
export interface Freshness {
  readonly newestMs: EpochMs | null;
  readonly ingestedMs: EpochMs | null;
  /** How long it took from there to here. */
  readonly ingestLagMs: number | null;
}

const NOTHING: Freshness = { newestMs: null, ingestedMs: null, ingestLagMs: null };

function arrived(newestMs: EpochMs, ingestedMs: EpochMs): Freshness {
  // The venue's clock may be ahead of ours by drift.
  return { newestMs, ingestedMs, ingestLagMs: Math.max(0, ingestedMs - newestMs) };
}

export async function newestTrade(store: MarketStore): Promise<Freshness> {
  const [trade] = await store.trades.findTrades({ rowSet: "taker", sort: "desc", limit: 1 });
  return trade ? arrived(tradeTsMs(trade), trade.ingestedAtMs) : NOTHING;
}

/**
 * From what the collector remembers of its last look: an unchanged book costs no document. That look says when a book
 * was seen last, not when first, so how long it took to come is not known.
 */
export async function newestBook(store: MarketStore): Promise<Freshness> {
  const checkpoint = await store.checkpoints.read(BOOKS_CHECKPOINT);
  const read = booksCheckpointState.safeParse(checkpoint?.state);
  if (!read.success) return NOTHING;
  const books = Object.values(read.data.tokens);
  return {
    newestMs: newest(books.map(({ tsMs }) => tsMs)),
    ingestedMs: newest(books.map(({ observedAtMs }) => observedAtMs)),
    ingestLagMs: null,
  };
}

/** Clocks drift; what the venue dates further ahead was not updated last. */
const AHEAD_MS_MAX = MINUTE_MS;

export async function newestMarket(store: MarketStore, nowMs: EpochMs): Promise<Freshness> {
  const market = await store.markets.lastUpdatedMarket(nowMs + AHEAD_MS_MAX);
  if (market === null || market.updatedAtMs === null) return NOTHING;
  return arrived(market.updatedAtMs, market.ingestedAtMs);
}

function newest(moments: readonly EpochMs[]): EpochMs | null {
  return moments.reduce<EpochMs | null>(
    (latest, each) => (latest === null || each > latest ? each : latest),
    null,
  );
}
