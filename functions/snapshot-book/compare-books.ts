import type { EpochMs, ObservedBook } from "@polytape/market-model";
import type { BooksCheckpointState } from "@polytape/market-store";

/** The last book of each token that was looked at, and when it was last seen so. */
export type LastBooks = BooksCheckpointState["tokens"];
type LastBook = LastBooks[string];

/** A book with the moment its predecessor was last seen (null: none known). */
export type ChangedBook = ObservedBook & { readonly previousSeenAtMs: EpochMs | null };

export interface ComparedBooks {
  /** To be stored. */
  readonly changed: readonly ChangedBook[];
  readonly unchanged: number;
  /** Older than what is known: an upstream server that lags behind the one that was asked before. */
  readonly older: number;
  readonly lastBooks: LastBooks;
}

/**
 * Tells what is new from what still stands. A book whose hash and time are those of the last look costs no
 * document; that it was seen again is remembered. An older one changes nothing.
 */
export function compareBooks(books: readonly ObservedBook[], known: LastBooks): ComparedBooks {
  const changed: ChangedBook[] = [];
  const lastBooks = { ...known };
  let unchanged = 0;
  let older = 0;
  for (const book of books) {
    const last = known[book.assetId];
    if (last && book.tsMs < last.tsMs) {
      older += 1;
      continue;
    }
    if (last && isSame(book, last)) unchanged += 1;
    else changed.push({ ...book, previousSeenAtMs: last?.observedAtMs ?? null });
    lastBooks[book.assetId] = seenNow(book, last);
  }
  return { changed, unchanged, older, lastBooks };
}

function isSame(book: ObservedBook, last: LastBook): boolean {
  return last.hash === book.hash && last.tsMs === book.tsMs;
}

/** With the book before it until the next look: as long as that one may still be found as the newest. */
function seenNow(book: ObservedBook, last: LastBook | undefined): LastBook {
  const observedAtMs = Math.max(book.observedAtMs, last?.observedAtMs ?? 0);
  const seen = { hash: book.hash, tsMs: book.tsMs, observedAtMs };
  if (!last || isSame(book, last)) return seen;
  return { ...seen, before: { hash: last.hash, tsMs: last.tsMs, observedAtMs: last.observedAtMs } };
}

/** Forgets tokens that were not seen for `keepMs`, and the longest unseen ones beyond `tokensMax`. */
export function forgetTokens(
  lastBooks: LastBooks,
  bounds: { readonly nowMs: EpochMs; readonly keepMs: number; readonly tokensMax: number },
): LastBooks {
  const kept = Object.entries(lastBooks)
    .filter(([, { observedAtMs }]) => observedAtMs >= bounds.nowMs - bounds.keepMs)
    .sort(([, a], [, b]) => b.observedAtMs - a.observedAtMs);
  return Object.fromEntries(kept.slice(0, bounds.tokensMax));
}
