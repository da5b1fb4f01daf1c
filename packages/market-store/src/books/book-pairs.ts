import type { EpochMs } from "@polytape/market-model";
import type { BookDocument } from "./book-document.ts";

/** Both sides of one book. */
export interface BookPair {
  readonly tsMs: EpochMs;
  readonly bid: BookDocument;
  readonly ask: BookDocument;
}

/**
 * The first book of a list of documents (in order of time, either way) of which both sides are there and
 * belong together: half a book is not served, nor two halves of different books.
 */
export function firstWholeBook(documents: readonly BookDocument[]): BookPair | null {
  const halves = new Map<string, BookDocument>();
  for (const document of documents) {
    const other = halves.get(`${document.ts}|${document.side === "bid" ? "ask" : "bid"}|${document.hash}`);
    if (other) {
      const [bid, ask] = document.side === "bid" ? [document, other] : [other, document];
      return { tsMs: document.ts, bid, ask };
    }
    halves.set(`${document.ts}|${document.side}|${document.hash}`, document);
  }
  return null;
}

/**
 * Whether of the books on either side of a moment the younger one is nearer. The older one's distance counts from when it
 * was last seen to stand; at equal distance it goes before, because it stood.
 */
export function isYoungerNearer(atMs: EpochMs, lastSeenAtMs: EpochMs, youngerTsMs: EpochMs): boolean {
  return youngerTsMs - atMs < atMs - lastSeenAtMs;
}
