import type { EpochMs } from "@polytape/market-model";
import { type BooksCheckpointState, readLooks } from "./last-seen.ts";

/** How long the looks may be used: a book may be called unseen for so much longer than it is, never for less. */
const KEEP_MS = 1_000;

/** The collector's looks at books, remembered by several views of one store together; each reads them itself. */
export interface BookLooks {
  /** Of every token that is looked at, its last books, as they were noted a second ago or later. */
  latest(readCheckpoint: () => Promise<{ readonly state: unknown } | null>): Promise<TokenLooks>;
}

type TokenLooks = BooksCheckpointState["tokens"];

/** One document about all tokens is part of every answer about a book, and reading it costs more than the book. */
export function bookLooks(now: () => EpochMs): BookLooks {
  let known: { readonly looks: TokenLooks; readonly atMs: EpochMs } | null = null;
  return {
    async latest(readCheckpoint) {
      const askedMs = now();
      // The clock was set back.
      if (known && askedMs < known.atMs) known = null;
      if (known && askedMs - known.atMs < KEEP_MS) return known.looks;
      const looks = readLooks((await readCheckpoint())?.state);
      if (known === null || known.atMs < askedMs) known = { looks, atMs: askedMs };
      return looks;
    },
  };
}
