import { PolytapeError } from "@polytape/market-model";
import type { Checkpoints, StoreVersion } from "@polytape/market-store";
import { z } from "zod";
import { type Backfill, backfillSchema } from "./backfill-state.ts";

/** The checkpoint that names all backfills, oldest first; checkpoints can only be read by name. */
export const LIST_NAME = "backfills";
/** Running at once, in turns; a further one is refused. */
export const OPEN_MAX = 10;
/** Finished ones that are remembered, for whoever asks for their state. */
const REMEMBERED_MAX = 50;

const listSchema = z.object({ backfills: z.array(z.object({ id: z.string(), open: z.boolean() })) });
type Entry = z.infer<typeof listSchema>["backfills"][number];

/** All backfills, and a way to replace the list that fails when somebody else did so first. */
export interface BackfillList {
  readonly entries: readonly Entry[];
  /** Sets one entry, in its place or at the end. Throws `too_many_backfills` (input), `store_conflict`. */
  put(entry: Entry): Promise<void>;
}

export async function readList(checkpoints: Checkpoints): Promise<BackfillList> {
  const found = await checkpoints.read(LIST_NAME);
  let version: StoreVersion | null = found?.version ?? null;
  let entries = found ? readAs(listSchema, found.state, LIST_NAME).backfills : [];
  return {
    get entries() {
      return entries;
    },
    async put(entry) {
      const next = entries.some(({ id }) => id === entry.id)
        ? entries.map((each) => (each.id === entry.id ? entry : each))
        : [...entries, entry];
      const openCount = next.filter(({ open }) => open).length;
      if (entry.open && openCount > OPEN_MAX) {
        throw new PolytapeError(
          "input",
          "too_many_backfills",
          `${OPEN_MAX} backfills are running; a further one can be started when one of them is done.`,
        );
      }
      const closed = next.filter(({ open }) => !open).slice(-REMEMBERED_MAX);
      const kept = next.filter((each) => each.open || closed.includes(each));
      version = await checkpoints.write(LIST_NAME, { backfills: kept }, version);
      entries = kept;
    },
  };
}

/** One backfill's checkpoint. */
export interface StoredBackfill {
  readonly state: Backfill;
  save(next: Backfill): Promise<void>;
}

export async function readBackfill(checkpoints: Checkpoints, id: string): Promise<StoredBackfill | null> {
  const name = `backfill:${id}`;
  const found = await checkpoints.read(name);
  return found ? tracked(checkpoints, readAs(backfillSchema, found.state, name), found.version) : null;
}

/** Replaces what is there under this id, which must not be running. */
export async function createBackfill(checkpoints: Checkpoints, state: Backfill): Promise<StoredBackfill> {
  const found = await checkpoints.read(`backfill:${state.id}`);
  const created = tracked(checkpoints, state, found?.version ?? null);
  await created.save(state);
  return created;
}

function tracked(checkpoints: Checkpoints, first: Backfill, replaces: StoreVersion | null): StoredBackfill {
  let state = first;
  let version = replaces;
  return {
    get state() {
      return state;
    },
    async save(next) {
      version = await checkpoints.write(`backfill:${next.id}`, next, version);
      state = next;
    },
  };
}

function readAs<T>(schema: z.ZodType<T>, state: unknown, name: string): T {
  const outcome = schema.safeParse(state);
  if (outcome.success) return outcome.data;
  throw new PolytapeError("bug", "checkpoint_malformed", `The checkpoint ${name} has an unknown shape.`, {
    cause: outcome.error,
  });
}
