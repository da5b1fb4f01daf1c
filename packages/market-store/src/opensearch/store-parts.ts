import type { EpochMs } from "@polytape/market-model";
import type { StoreConnection } from "./connection.ts";
import type { IndexNames } from "./index-names.ts";

/** What every family of the store is built on. */
export interface StoreParts {
  readonly store: StoreConnection;
  readonly names: IndexNames;
  readonly now: () => EpochMs;
  /** To be awaited before a write: throws `store_refused` when the indices are not set up. */
  readonly ready: () => Promise<void>;
}
