import type { CoverageInterval } from "@polytape/market-model";
import type { BookCollision } from "@polytape/market-store";
import type { ChangedBook, LastBooks } from "./compare-books.ts";

/** A book that came with a hash that is not its own: it is stored, and marked. */
export function unverifiedInterval(book: ChangedBook): CoverageInterval {
  return doubtfulSince(book, { hash: book.hash, ts_ms: book.tsMs });
}

/** The intervals of books that were not kept, because another one of the same millisecond stands. */
export function collidedIntervals(
  changed: readonly ChangedBook[],
  collided: readonly BookCollision[],
): CoverageInterval[] {
  return collided.flatMap(({ assetId, tsMs, hash, storedHash }) => {
    const book = changed.find((one) => one.assetId === assetId && one.tsMs === tsMs && one.hash === hash);
    return book ? [doubtfulSince(book, { hash, stored_hash: storedHash, ts_ms: tsMs })] : [];
  });
}

/** What was known before of each token whose book was not kept: only what is stored may be remembered. */
export function withoutCollided(
  lastBooks: LastBooks,
  known: LastBooks,
  collided: readonly Pick<BookCollision, "assetId">[],
): LastBooks {
  const lost = new Set(collided.map(({ assetId }) => assetId));
  const entries = Object.entries(lastBooks).map(
    ([assetId, last]) => [assetId, lost.has(assetId) ? known[assetId] : last] as const,
  );
  return Object.fromEntries(entries.flatMap(([assetId, last]) => (last ? [[assetId, last]] : [])));
}

/** From the last moment the token's book was known: what happened since then can't be trusted. */
function doubtfulSince(book: ChangedBook, evidence: Readonly<Record<string, unknown>>): CoverageInterval {
  return {
    stream: "books",
    marketId: book.marketId,
    assetId: book.assetId,
    fromMs: Math.min(book.previousSeenAtMs ?? book.tsMs, book.observedAtMs - 1),
    toMs: book.observedAtMs,
    state: "partial",
    cause: "hash_mismatch",
    evidence,
  };
}
