import type { BookSide, EpochMs, ObservedBook } from "@polytape/market-model";
import { z } from "zod";

const level = z.object({ price: z.string(), size: z.string() });

/** A document of `orderbook_snapshots_v1`: one side of one book. Levels best first, as the venue's text. */
export const bookDocument = z.object({
  asset_id: z.string(),
  market_id: z.string(),
  side: z.enum(["bid", "ask"]),
  ts: z.number(),
  observed_at: z.number(),
  previous_seen_at: z.number().nullable(),
  hash: z.string(),
  verified: z.boolean(),
  tick_size: z.string().nullable(),
  min_order_size: z.string().nullable(),
  neg_risk: z.boolean().nullable(),
  last_trade_price: z.string().nullable(),
  level_count: z.int(),
  levels: z.array(level),
});

export type BookDocument = z.output<typeof bookDocument>;

/** Token, time of the book's last change, side: the same book seen again is the same two documents. */
export function bookDocumentId(assetId: string, tsMs: EpochMs, side: BookSide): string {
  return `${assetId}|${tsMs}|${side}`;
}

export function bookDocuments(
  book: ObservedBook & { readonly previousSeenAtMs: EpochMs | null },
): [bid: BookDocument, ask: BookDocument] {
  const ofSide = (side: BookSide, levels: ObservedBook["bids"]): BookDocument => ({
    asset_id: book.assetId,
    market_id: book.marketId,
    side,
    ts: book.tsMs,
    observed_at: book.observedAtMs,
    previous_seen_at: book.previousSeenAtMs,
    hash: book.hash,
    verified: book.verified,
    tick_size: book.tickSize,
    min_order_size: book.minOrderSize,
    neg_risk: book.negRisk,
    last_trade_price: book.lastTradePrice,
    level_count: levels.length,
    levels: levels.map(({ price, size }) => ({ price, size })),
  });
  return [ofSide("bid", book.bids), ofSide("ask", book.asks)];
}

export function bookOf(bid: BookDocument, ask: BookDocument): ObservedBook {
  return {
    marketId: bid.market_id,
    assetId: bid.asset_id,
    tsMs: bid.ts,
    bids: bid.levels,
    asks: ask.levels,
    hash: bid.hash,
    verified: bid.verified,
    tickSize: bid.tick_size,
    minOrderSize: bid.min_order_size,
    negRisk: bid.neg_risk,
    lastTradePrice: bid.last_trade_price,
    observedAtMs: bid.observed_at,
  };
}
