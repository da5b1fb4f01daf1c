import type { BookSummary } from "./book-hash.ts";

/** Where books come from: a world or recordings. */
export interface BookSource {
  bookAt(tokenId: string, atMs: number): BookSummary | null;
  now(): number;
}
