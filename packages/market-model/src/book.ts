import type { EpochMs } from "./time.ts";

export type BookSide = "bid" | "ask";

/** Price and size keep the venue's exact text: a book's hash is taken over it. */
export interface BookLevel {
  readonly price: string;
  readonly size: string;
}

/** A whole order book of one outcome token, best level first on both sides. */
export interface Book {
  readonly marketId: string;
  readonly assetId: string;
  /** The venue's time of the book's last change. */
  readonly tsMs: EpochMs;
  readonly bids: readonly BookLevel[];
  readonly asks: readonly BookLevel[];
  readonly hash: string;
  /** Whether the hash was recomputed from the book and agreed. */
  readonly verified: boolean;
  readonly tickSize: string | null;
  readonly minOrderSize: string | null;
  readonly negRisk: boolean | null;
  readonly lastTradePrice: string | null;
}

/** A book that was seen at a moment. */
export interface ObservedBook extends Book {
  readonly observedAtMs: EpochMs;
}

/** The top levels of each side. */
export function cutBook<T extends Book>(book: T, levelsMax: number): T {
  return { ...book, bids: book.bids.slice(0, levelsMax), asks: book.asks.slice(0, levelsMax) };
}
