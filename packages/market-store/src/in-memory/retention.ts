import { DAY_MS, type EpochMs, PolytapeError } from "@polytape/market-model";
import type { DropQuery, EventIndex, StoreRetention } from "../retention/store-retention.ts";

/** What there is to be deleted; a test puts it there, the other parts of this store know nothing of it. */
export interface ShelfOfIndices {
  indices: EventIndex[];
  unreadable: string[];
  newestEventMs: EpochMs | null;
  /** Starts of the days that coverage speaks of, and when samples were received. */
  coverageDays: EpochMs[];
  rejectedAt: EpochMs[];
  /** The index that is written to is large or old enough. */
  rolloverIsDue: boolean;
}

export function inMemoryRetention(): {
  retention: StoreRetention;
  shelf: ShelfOfIndices;
} {
  const shelf: ShelfOfIndices = {
    indices: [],
    unreadable: [],
    newestEventMs: null,
    coverageDays: [],
    rejectedAt: [],
    rolloverIsDue: false,
  };

  function drop(from: "coverageDays" | "rejectedAt", isDue: (atMs: EpochMs) => boolean, query: DropQuery) {
    const due = shelf[from].filter(isDue);
    if (query.dryRun) return { count: due.length, isAll: true };
    const gone = due.slice(0, query.limit);
    shelf[from] = shelf[from].filter((atMs) => !gone.includes(atMs));
    return { count: gone.length, isAll: gone.length === due.length };
  }

  function dropIndex(name: string): boolean {
    const index = shelf.indices.find((each) => each.name === name);
    if (index?.isWritten || shelf.unreadable.includes(name))
      throw new PolytapeError("bug", "index_kept", `The index ${name} is not to be deleted.`);
    shelf.indices = shelf.indices.filter((each) => each.name !== name);
    return index !== undefined;
  }

  const retention: StoreRetention = {
    async readInventory() {
      const { indices, unreadable, newestEventMs } = shelf;
      const endOf = ({ endsMs }: EventIndex) => endsMs ?? Number.MAX_SAFE_INTEGER;
      return { indices: [...indices].sort((a, b) => endOf(a) - endOf(b)), unreadable, newestEventMs };
    },
    dropCoverage: async (query) => drop("coverageDays", (day) => day + DAY_MS <= query.beforeMs, query),
    dropRejections: async (query) => drop("rejectedAt", (atMs) => atMs < query.beforeMs, query),
    dropIndex: async (name) => dropIndex(name),
    async dropEmptyIndex(name) {
      const index = shelf.indices.find((each) => each.name === name);
      return index?.documents === 0 && dropIndex(name);
    },
    async rollOver({ dryRun }) {
      const written = shelf.indices.find(({ isWritten }) => isWritten);
      const [alias, from] = ["orderbook_snapshots_v1", written?.name ?? ""];
      if (!shelf.rolloverIsDue || written === undefined) return { alias, rolled: false, from, to: from };
      const to = `${alias}-${String(Number(from.slice(-6)) + 1).padStart(6, "0")}`;
      if (!dryRun) {
        shelf.indices = shelf.indices.map((each) => ({ ...each, isWritten: false }));
        shelf.indices.push({ ...written, name: to, endsMs: null, isWritten: true, bytes: 0, documents: 0 });
        shelf.rolloverIsDue = false;
      }
      return { alias, rolled: true, from, to };
    },
  };
  return { retention, shelf };
}
