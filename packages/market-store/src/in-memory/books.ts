import type { BookSide, EpochMs, ObservedBook } from "@polytape/market-model";
import { isYoungerNearer } from "../books/book-pairs.ts";
import { BOOKS_CHECKPOINT, lastSeenAtMs, readLooks } from "../books/last-seen.ts";
import type { BookCollision, BookShelf, Checkpoints, FoundBook } from "../market-store.ts";

export type LoseBookSide = (assetId: string, tsMs: EpochMs, side: BookSide) => void;

interface KeptBook {
  readonly book: ObservedBook & { readonly previousSeenAtMs: EpochMs | null };
  readonly sides: Set<BookSide>;
}

export function inMemoryBooks(checkpoints: Checkpoints): BookShelf & { loseSide: LoseBookSide } {
  const shelf = new Map<string, KeptBook>();

  async function foundBook(kept: KeptBook, newer: KeptBook | undefined, side?: BookSide): Promise<FoundBook> {
    const { previousSeenAtMs: _, ...book } = kept.book;
    const checkpoint = newer ? null : await checkpoints.read(BOOKS_CHECKPOINT);
    return {
      ...book,
      bids: side === "ask" ? [] : book.bids,
      asks: side === "bid" ? [] : book.asks,
      lastSeenAtMs: lastSeenAtMs(book, { looks: readLooks(checkpoint?.state), next: newer?.book ?? null }),
    };
  }

  return {
    async storeBooks(books) {
      let stored = 0;
      const collided: BookCollision[] = [];
      for (const book of books) {
        const id = `${book.assetId}|${book.tsMs}`;
        const kept = shelf.get(id);
        if (kept && kept.book.hash !== book.hash)
          collided.push({ ...keyOf(book), storedHash: kept.book.hash });
        else if (kept?.sides.size !== 2) {
          const sides = new Set<BookSide>(["bid", "ask"]);
          shelf.set(id, { book: structuredClone(kept?.book ?? book), sides });
          stored += 1;
        }
      }
      return { stored, repeated: books.length - stored - collided.length, collided };
    },
    async findBook({ assetId, atMs, match, side }) {
      const ofToken = [...shelf.values()]
        .filter(({ book, sides }) => book.assetId === assetId && sides.size > 0)
        .sort((a, b) => a.book.tsMs - b.book.tsMs);
      const whole = ofToken.filter(({ sides }) => sides.size === 2);
      const before = whole.findLast(({ book }) => book.tsMs <= atMs);
      const after = match === "nearest" ? whole.find(({ book }) => book.tsMs > atMs) : undefined;
      const found = (kept: KeptBook) => foundBook(kept, ofToken[ofToken.indexOf(kept) + 1], side);
      const stood = before ? await found(before) : null;
      if (stood && !(after && isYoungerNearer(atMs, stood.lastSeenAtMs, after.book.tsMs))) return stood;
      return after ? found(after) : null;
    },
    loseSide: (assetId, tsMs, side) => shelf.get(`${assetId}|${tsMs}`)?.sides.delete(side),
  };
}

function keyOf({ assetId, tsMs, hash }: ObservedBook) {
  return { assetId, tsMs, hash };
}
