import { createHash } from "node:crypto";
import type { PolymarketBook } from "../wire/index.ts";

/** What a book's hash is taken over: the book in wire order, worst level first on both sides. */
export type BookSummary = Omit<PolymarketBook, "hash">;

/**
 * Recomputes the hash of a book: SHA-1 of its compact JSON with an empty `hash`, in exactly this order of
 * keys, absent keys left out, prices and sizes in the text they came in. A book whose hash disagrees has
 * lost a message or was changed on its way. (design 7.4)
 */
export function bookHash(book: BookSummary): string {
  const summary = {
    market: book.market,
    asset_id: book.asset_id,
    timestamp: book.timestamp,
    hash: "",
    bids: book.bids.map(({ price, size }) => ({ price, size })),
    asks: book.asks.map(({ price, size }) => ({ price, size })),
    min_order_size: book.min_order_size ?? undefined,
    tick_size: book.tick_size ?? undefined,
    neg_risk: book.neg_risk ?? undefined,
    last_trade_price: book.last_trade_price ?? undefined,
  };
  return createHash("sha1").update(JSON.stringify(summary)).digest("hex");
}
