import type { IndexNames, StoreConnection } from "@polytape/market-store";
import coverage from "../templates/coverage_v1.json" with { type: "json" };
import marketChanges from "../templates/market_changes_v1.json" with { type: "json" };
import markets from "../templates/markets_v1.json" with { type: "json" };
import { putBooksBehindAlias } from "./put-books-behind-alias.ts";

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
      // Only what is new: the format of a date that is there already cannot be changed, and need not be.
      const { day, states, intervals } = coverage.template.mappings.properties;
      await putMapping(store, names.coverage, { day, states, intervals });
    },
  },
  {
    number: 3,
    name: "long texts of markets",
    async run(store, names) {
      await putMapping(store, names.markets, withoutDates(markets.template.mappings.properties));
      await putMapping(store, names.marketChanges, withoutDates(marketChanges.template.mappings.properties));
    },
  },
  // A rollover needs an alias; where an index of its name sprang up instead, its books move behind one.
  { number: 4, name: "books behind an alias", run: putBooksBehindAlias },
];

type Properties = Readonly<Record<string, object>>;

async function putMapping(store: StoreConnection, index: string, properties: Properties): Promise<void> {
  await store.request({ method: "PUT", path: `/${index}/_mapping`, body: { properties } });
}

/** A text longer than a keyword may be would have its document refused; dates cannot be changed. */
function withoutDates(properties: Properties): Properties {
  return Object.fromEntries(
    Object.entries(properties).flatMap(([name, field]) => {
      if ("type" in field && field.type === "date") return [];
      if (!("properties" in field)) return [[name, field]];
      return [[name, { ...field, properties: withoutDates(field.properties as Properties) }]];
    }),
  );
}
