import type { EpochMs } from "@polytape/market-model";

/**
 * The only part of the store that deletes, and the only one that begins new indices for data that is not cut by
 * event time in its name. It knows how; what is due is decided by whoever asks. Everything may be repeated: what
 * is gone already is not there to be deleted.
 */
export interface StoreRetention {
  /** All indices whose contents have an end in time, and what was found beside them. */
  readInventory(nowMs: EpochMs): Promise<IndexInventory>;
  /**
   * Deletes what is known about days that ended at or before the moment (a UTC midnight), or, when asked only to
   * count, says how many documents that are. At most `limit` documents at once.
   */
  dropCoverage(query: DropQuery): Promise<DroppedDocuments>;
  /** The same for samples of refused records, by the moment they were received. */
  dropRejections(query: DropQuery): Promise<DroppedDocuments>;
  /**
   * Deletes an index of the inventory; false when it is gone already. Throws `index_kept` (bug) for the one that
   * is written to behind an alias, and for a name that is none of a day, a month or a rolled index.
   */
  dropIndex(name: string): Promise<boolean>;
  /** The same for a rolled index that was found empty; false also when it is not, and then it stays as it is. */
  dropEmptyIndex(name: string): Promise<boolean>;
  /** Begins a new index behind the alias of the books when the one written to is large or old enough. */
  rollOver(conditions: RolloverConditions & { readonly dryRun: boolean }): Promise<Rollover>;
}

export interface DropQuery {
  readonly beforeMs: EpochMs;
  readonly limit: number;
  readonly dryRun: boolean;
}

export interface DroppedDocuments {
  readonly count: number;
  /** Nothing is left of what had been written before the call: neither beyond the limit, nor because it was just changed. */
  readonly isAll: boolean;
}

/** Either is enough. */
export interface RolloverConditions {
  readonly primaryShardBytesMax: number;
  readonly ageMsMax: number;
}

/** Also what `opensearch/policies` say to servers that roll over by themselves; a test compares the two. */
export const BOOKS_ROLLOVER: RolloverConditions = {
  primaryShardBytesMax: 50 * 1024 ** 3,
  ageMsMax: 7 * 86_400_000,
};

export interface Rollover {
  readonly alias: string;
  readonly rolled: boolean;
  /** The index written to before and after; the same when nothing was rolled. */
  readonly from: string;
  readonly to: string;
}

export interface EventIndex {
  readonly name: string;
  readonly kind: "trades" | "candles" | "books";
  /**
   * Everything in it happened before this moment: the end of its day or month; of books the newest event, or
   * observation, that it holds. Null where that is not known: it is empty, or closed.
   */
  readonly endsMs: EpochMs | null;
  /** New documents go there, by alias. */
  readonly isWritten: boolean;
  /** On all servers together, copies included. */
  readonly bytes: number;
  /** Null where that is not known: it is closed. */
  readonly documents: number | null;
}

export interface IndexInventory {
  /** Oldest first; those without a known end last. */
  readonly indices: readonly EventIndex[];
  /** Names that begin like ours and cannot be read, or that are not behind their alias. */
  readonly unreadable: readonly string[];
  /** When the newest stored trade or book happened, of those that lie before now; null without any. */
  readonly newestEventMs: EpochMs | null;
}
