import { PolytapeError } from "@polytape/market-model";
import { SCHEMA_VERSION } from "../opensearch/schema-version.ts";
import type { StoreBackups } from "../upkeep/store-backups.ts";
import type { StoreState } from "../upkeep/store-state.ts";

/** Backups are the server's own work: whoever uses them is tested on a real one. */
export function inMemoryUpkeep() {
  let shown: StoreState = {
    version: "3.0.0",
    schemaVersion: SCHEMA_VERSION,
    schemaNeeded: SCHEMA_VERSION,
    nodes: [{ name: "memory", totalBytes: 100e9, freeBytes: 50e9, past: null }],
    makesIndices: true,
    blocked: [],
  };
  const refuse = async (): Promise<never> => {
    throw new PolytapeError(
      "bug",
      "not_simulated",
      "The in-memory store makes no backups; use a real server.",
    );
  };
  const backups: StoreBackups = {
    take: refuse,
    restore: refuse,
    indicesWithData: refuse,
    newest: async () => ({ repositories: 0, endedAtMs: null }),
    list: refuse,
    drop: refuse,
  };
  return {
    backups,
    state: () => shown,
    show: (state: StoreState) => {
      shown = state;
    },
  };
}
