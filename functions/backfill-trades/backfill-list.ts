import { hasCode, PolytapeError } from "@polytape/market-model";
import type { Checkpoints, StoreVersion } from "@polytape/market-store";
import { z } from "zod";
import { FIRST_ID } from "./backfill-request.ts";
import { type Backfill, backfillSchema } from "./backfill-state.ts";

/** The checkpoint that names all backfills, oldest first; checkpoints can only be read by name. */
export const LIST_NAME = "backfills";
/** Running, in turns; a further one is refused. */
export const OPEN_MAX = 10;
/** Finished ones that are remembered beside the first, for whoever asks for their state. */
const REMEMBERED_MAX = 50;
/** Tries to set an entry while others set theirs. */
const TRIES_MAX = 5;

const listSchema = z.object({ backfills: z.array(z.object({ id: z.string(), open: z.boolean() })) });
type Entry = z.infer<typeof listSchema>["backfills"][number];

/** All backfills, and a way to set one entry beside others who set theirs. */
export interface BackfillList {
  readonly entries: readonly Entry[];
  /** Sets one entry of the newest list, in its place or at the end. Throws `too_many_backfills` (input), `store_conflict`. */
  put(entry: Entry): Promise<void>;
}

export async function readList(checkpoints: Checkpoints): Promise<BackfillList> {
  let { entries, version } = await readEntries(checkpoints);
  return {
    get entries() {
      return entries;
    },
    async put(entry) {
      for (let tried = 1; ; tried += 1) {
        const kept = withEntry(entries, entry);
        try {
          version = await checkpoints.write(LIST_NAME, { backfills: kept }, version);
          entries = kept;
          return;
        } catch (error) {
          if (!hasCode(error, "store_conflict") || tried === TRIES_MAX) throw error;
          ({ entries, version } = await readEntries(checkpoints));
        }
      }
    },
  };
}

async function readEntries(
  checkpoints: Checkpoints,
): Promise<{ entries: readonly Entry[]; version: StoreVersion | null }> {
  const found = await checkpoints.read(LIST_NAME);
  return {
    entries: found ? readAs(listSchema, found.state, LIST_NAME).backfills : [],
    version: found?.version ?? null,
  };
}

function withEntry(entries: readonly Entry[], entry: Entry): readonly Entry[] {
  const next = entries.some(({ id }) => id === entry.id)
    ? entries.map((each) => (each.id === entry.id ? entry : each))
    : [...entries, entry];
  if (entry.open && next.filter(({ open }) => open).length > OPEN_MAX) {
    throw new PolytapeError(
      "input",
      "too_many_backfills",
      `${OPEN_MAX} backfills are running; a further one can be started when one of them is done.`,
    );
  }
  const closed = next.filter(({ id, open }) => !open && id !== FIRST_ID).slice(-REMEMBERED_MAX);
  return next.filter((each) => each.open || each.id === FIRST_ID || closed.includes(each));
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
