import type { IndexNames, StoreConnection } from "@polytape/market-store";
import coverage from "../templates/coverage_v1.json" with { type: "json" };

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
  // Entries of the older layout stay and are no longer read: what they spoke of is not known until said anew.
  {
    number: 2,
    name: "coverage by scope and day",
    async run(store, names) {
      const { properties } = coverage.template.mappings;
      await store.request({ method: "PUT", path: `/${names.coverage}/_mapping`, body: { properties } });
    },
  },
];
