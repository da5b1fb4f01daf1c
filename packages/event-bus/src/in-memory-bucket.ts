import { PolytapeError } from "@polytape/market-model";
import type { KeyValueBucket } from "./event-bus.ts";
import { reconcile } from "./reconcile.ts";

type Watcher = {
  readonly entry: (key: string, value: unknown | null) => void;
  /** What the watcher has been told: key → revision. */
  known: ReadonlyMap<string, number>;
};

/** A bucket in memory; `check` throws when the bus is to fail, watchers hear nothing while not connected. */
export function inMemoryBucket(
  check: () => void,
  isConnected: () => boolean,
): { bucket: KeyValueBucket; tellWatchers: () => void } {
  const entries = new Map<string, { value: unknown; revision: number }>();
  const watchers = new Set<Watcher>();
  let revision = 0;

  const tell = (watcher: Watcher): void => {
    const { changed, deleted, known } = reconcile(watcher.known, entries);
    watcher.known = known;
    for (const [key, value] of changed) watcher.entry(key, value);
    for (const key of deleted) watcher.entry(key, null);
  };
  const tellWatchers = (): void => {
    if (isConnected()) for (const watcher of watchers) tell(watcher);
  };

  const bucket: KeyValueBucket = {
    get: async (key) => {
      check();
      const entry = entries.get(key);
      return entry === undefined ? null : { ...entry };
    },
    put: async (key, value, expected) => {
      check();
      const last = entries.get(key)?.revision ?? 0;
      if (expected !== undefined && expected !== last) {
        throw new PolytapeError(
          "operating",
          "bus_conflict",
          `The entry ${key} was changed by somebody else.`,
          {
            facts: { key, expected },
          },
        );
      }
      revision += 1;
      entries.set(key, { value: JSON.parse(JSON.stringify(value)), revision });
      tellWatchers();
      return revision;
    },
    delete: async (key) => {
      check();
      entries.delete(key);
      tellWatchers();
    },
    keys: async () => {
      check();
      return [...entries.keys()];
    },
    watch: async (on) => {
      check();
      const watcher: Watcher = { entry: on.entry, known: new Map() };
      watchers.add(watcher);
      tell(watcher);
      on.ready();
      return async () => {
        watchers.delete(watcher);
      };
    },
  };
  return { bucket, tellWatchers };
}
