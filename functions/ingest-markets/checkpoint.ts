import { PolytapeError } from "@polytape/market-model";
import type { Checkpoints } from "@polytape/market-store";
import { z } from "zod";

/** A checkpoint as one run holds it. */
export interface Checkpoint<State> {
  state(): State;
  /** Writes when something changed. Throws `store_conflict` when another run wrote in between. */
  save(next: State): Promise<void>;
}

/**
 * Reads a checkpoint by its schema, or starts with `first` where there is none. Throws `checkpoint_malformed`
 * when what is stored has another shape: silently starting anew would hide who wrote it.
 */
export async function openCheckpoint<State>(
  checkpoints: Checkpoints,
  name: string,
  schema: z.ZodType<State>,
  first: State,
): Promise<Checkpoint<State>> {
  const stored = await checkpoints.read(name);
  let version = stored?.version ?? null;
  let state = stored === null ? first : parseState(name, schema, stored.state);
  return {
    state: () => state,
    save: async (next) => {
      if (JSON.stringify(next) === JSON.stringify(state)) return;
      version = await checkpoints.write(name, next, version);
      state = next;
    },
  };
}

function parseState<State>(name: string, schema: z.ZodType<State>, stored: unknown): State {
  const outcome = schema.safeParse(stored);
  if (outcome.success) return outcome.data;
  throw new PolytapeError(
    "operating",
    "checkpoint_malformed",
    `The checkpoint ${name} has a shape that this version does not know: ${z.prettifyError(outcome.error)}`,
  );
}
