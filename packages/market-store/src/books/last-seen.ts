import type { Book, EpochMs } from "@polytape/market-model";
import { z } from "zod";

/** Where the writer of snapshots keeps the last book of every token it looks at. */
export const BOOKS_CHECKPOINT = "books";

/**
 * State of the checkpoint `books`: by token, its last stored book and when that was last seen unchanged; and
 * the followed tokens that the last run had no time for.
 */
export const booksCheckpointState = z.object({
  tokens: z.record(
    z.string(),
    z.object({
      hash: z.string(),
      tsMs: z.number(),
      observedAtMs: z.number(),
      /** The book before it, and when that was last seen: searches may still find it as the newest. */
      before: z.object({ hash: z.string(), tsMs: z.number(), observedAtMs: z.number() }).optional(),
    }),
  ),
  unread: z.array(z.string()).default([]),
});

export type BooksCheckpointState = z.output<typeof booksCheckpointState>;

/** None, when the state is of another shape. */
export function readLooks(state: unknown): BooksCheckpointState["tokens"] {
  return booksCheckpointState.safeParse(state).data?.tokens ?? {};
}

/**
 * The last moment a book is known to have stood unchanged: what the next newer document says of its
 * predecessor, else the checkpoint when the book is the token's last one, or the one before it (the last is
 * written before it can be searched), else when the book was first seen. Nothing later is known: what stood
 * between two looks, nobody saw.
 */
export function lastSeenAtMs(
  book: Pick<Book, "assetId" | "tsMs" | "hash"> & { readonly observedAtMs: EpochMs },
  known: {
    readonly looks: BooksCheckpointState["tokens"];
    readonly next: { readonly previousSeenAtMs: EpochMs | null } | null;
  },
): EpochMs {
  if (known.next) return Math.max(book.observedAtMs, known.next.previousSeenAtMs ?? 0);
  const last = known.looks[book.assetId];
  const seen = [last, last?.before].find((each) => each?.hash === book.hash && each.tsMs === book.tsMs);
  return Math.max(book.observedAtMs, seen?.observedAtMs ?? 0);
}
