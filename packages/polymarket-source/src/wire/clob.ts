import { z } from "zod";
import { maybe } from "./numbers.ts";

export const polymarketBookLevel = z.object({ price: z.string(), size: z.string() });
export type PolymarketBookLevel = z.infer<typeof polymarketBookLevel>;

/**
 * A book of `POST /books`. Both sides come worst level first (bids ascending, asks descending), against the
 * official text. The last four keys are part of the hash where they are present.
 */
export const polymarketBook = z.object({
  market: z.string(),
  asset_id: z.string(),
  /** Milliseconds since the epoch, as text: the book's last change, not the time of the request. */
  timestamp: z.string(),
  hash: z.string(),
  bids: z.array(polymarketBookLevel),
  asks: z.array(polymarketBookLevel),
  min_order_size: maybe(z.string()),
  tick_size: maybe(z.string()),
  neg_risk: maybe(z.boolean()),
  /** Empty text when the market never traded. */
  last_trade_price: maybe(z.string()),
});
export type PolymarketBook = z.infer<typeof polymarketBook>;

/** `POST /books`: unknown tokens are left out, order is not promised. Books are read one by one. */
export const polymarketBookList = z.array(z.unknown());

/** The body of `POST /books`. */
export const polymarketBooksRequest = z.array(z.object({ token_id: z.string() }));
export type PolymarketBooksRequest = z.infer<typeof polymarketBooksRequest>;
