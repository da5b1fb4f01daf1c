/**
 * What keys and usage need of the place where they are kept: a bucket of small JSON values with revisions
 * and a live view. A key-value bucket of the event bus is one as it stands. What is read from it is
 * `unknown` until a schema has read it.
 */
export interface RecordBucket {
  get(key: string): Promise<{ value: unknown; revision: number } | null>;
  /** `expected`: last revision known, 0 for "must not exist". Throws `bus_conflict` when it is another. */
  put(key: string, value: unknown, expected?: number): Promise<number>;
  /** All present entries first, then `ready()`, then each change (value null: deleted). Returns a stop function. */
  watch(on: { entry: (key: string, value: unknown | null) => void; ready: () => void }): Promise<() => void>;
}

/** Key records by the hex SHA-256 of the key. */
export interface KeyStore extends RecordBucket {
  /** The hashes of all keys there are. */
  keys(): Promise<string[]>;
  delete(hash: string): Promise<void>;
}

/** Counts of requests by key id. */
export type UsageStore = RecordBucket;
