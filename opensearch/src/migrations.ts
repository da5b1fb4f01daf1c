import type { IndexNames, StoreConnection } from "@polytape/market-store";

/**
 * One step of a store that exists already. Templates and missing indices are brought up to date before;
 * a migration does what they cannot: new fields in indices that have data, or data moved to new ones.
 * It must survive being run again, because it may be cut off before its number is noted.
 */
export interface Migration {
  /** 1, 2, 3 …; the last one equals the version that `market-store` expects. */
  readonly number: number;
  readonly name: string;
  run(store: StoreConnection, names: IndexNames): Promise<void>;
}

export const MIGRATIONS: readonly Migration[] = [
  // The templates and indices themselves; nothing older exists.
  { number: 1, name: "first indices", run: async () => {} },
];
