import { PolytapeError } from "@polytape/market-model";
import type { KeyStore } from "./record-bucket.ts";

/** A bucket in memory with the behaviour of the real one: revisions, conflicts, a live view. For tests. */
export interface InMemoryBucket extends KeyStore {
  /** While away every call fails with `bus_unavailable`. */
  setAway(away: boolean): void;
}

export function inMemoryBucket(): InMemoryBucket {
  const entries = new Map<string, { value: unknown; revision: number }>();
  const watchers = new Set<Parameters<KeyStore["watch"]>[0]>();
  let revision = 0;
  let away = false;

  function refuseWhileAway(): void {
    if (away) throw new PolytapeError("operating", "bus_unavailable", "The bucket is away.");
  }

  return {
    async get(key) {
      refuseWhileAway();
      return entries.get(key) ?? null;
    },
    async put(key, value, expected) {
      refuseWhileAway();
      if (expected !== undefined && expected !== (entries.get(key)?.revision ?? 0))
        throw new PolytapeError("operating", "bus_conflict", "Somebody else wrote in between.");
      revision += 1;
      const kept: unknown = JSON.parse(JSON.stringify(value));
      entries.set(key, { value: kept, revision });
      for (const watcher of watchers) watcher.entry(key, kept);
      return revision;
    },
    async delete(key) {
      refuseWhileAway();
      entries.delete(key);
      for (const watcher of watchers) watcher.entry(key, null);
    },
    async keys() {
      refuseWhileAway();
      return [...entries.keys()];
    },
    async watch(on) {
      refuseWhileAway();
      for (const [key, { value }] of entries) on.entry(key, value);
      on.ready();
      watchers.add(on);
      return () => watchers.delete(on);
    },
    setAway(nowAway) {
      away = nowAway;
    },
  };
}
