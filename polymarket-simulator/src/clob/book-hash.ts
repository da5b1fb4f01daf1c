import { createHash } from "node:crypto";

export interface BookLevelText {
  readonly price: string;
  readonly size: string;
}

/** A book as the REST side writes it; the order of the keys is part of the format. */
export interface BookSummary {
  readonly market: string;
  readonly asset_id: string;
  /** Milliseconds since the epoch: the last change. */
  readonly timestamp: string;
  readonly hash: string;
  /** Worst first: ascending. */
  readonly bids: readonly BookLevelText[];
  /** Worst first: descending. */
  readonly asks: readonly BookLevelText[];
  readonly min_order_size: string;
  readonly tick_size: string;
  readonly neg_risk: boolean;
  readonly last_trade_price: string;
}

/** SHA-1 of the compact book with an empty hash. */
export function bookHash(book: BookSummary): string {
  const { market, asset_id, timestamp, bids, asks, min_order_size, tick_size, neg_risk, last_trade_price } =
    book;
  const hashed = {
    market,
    asset_id,
    timestamp,
    hash: "",
    bids,
    asks,
    min_order_size,
    tick_size,
    neg_risk,
    last_trade_price,
  };
  return createHash("sha1").update(JSON.stringify(hashed)).digest("hex");
}
