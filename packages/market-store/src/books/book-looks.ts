import type { EpochMs } from "@polytape/market-model";
import { briefMemory } from "../brief-memory.ts";
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
  const remembered = briefMemory<TokenLooks>(now, KEEP_MS);
  return {
    latest: (readCheckpoint) => remembered(async () => readLooks((await readCheckpoint())?.state)),
  };
}
