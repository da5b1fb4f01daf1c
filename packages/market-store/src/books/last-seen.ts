import type { Book, EpochMs } from "@polytape/market-model";
import { z } from "zod";

/** Where the writer of snapshots keeps the last book of every token it looks at. */
export const BOOKS_CHECKPOINT = "books";

/** State of the checkpoint `books`: by token, its last book and when that was last seen unchanged. */
export const booksCheckpointState = z.object({
  tokens: z.record(z.string(), z.object({ hash: z.string(), tsMs: z.number(), observedAtMs: z.number() })),
});

export type BooksCheckpointState = z.output<typeof booksCheckpointState>;

/**
 * The last moment a book is known to have stood unchanged: from the checkpoint when it is the token's last
 * one, else from what the next newer document says of its predecessor, else when the book was written.
 */
export function lastSeenAtMs(
  book: Pick<Book, "assetId" | "tsMs" | "hash"> & { readonly observedAtMs: EpochMs },
  known: {
    readonly checkpoint: unknown;
    readonly next: { readonly previousSeenAtMs: EpochMs | null } | null;
  },
): EpochMs {
  if (known.next) return Math.max(book.observedAtMs, known.next.previousSeenAtMs ?? 0);
  const state = booksCheckpointState.safeParse(known.checkpoint);
  const last = state.success ? state.data.tokens[book.assetId] : undefined;
  const isLast = last?.hash === book.hash && last.tsMs === book.tsMs;
  return isLast ? Math.max(book.observedAtMs, last.observedAtMs) : book.observedAtMs;
}
