import { z } from "zod";
import { storeRefused } from "../store-errors.ts";
import { readAnswer } from "./answers.ts";
import type { StoreConnection } from "./connection.ts";
import type { IndexNames } from "./index-names.ts";

/** What this version of the package expects of the indices; the last migration in `opensearch/` brings it. */
export const SCHEMA_VERSION = 4;

/** The document that says how far the store has been migrated, among the checkpoints. */
export const SCHEMA_DOCUMENT_ID = "store-schema";

const schemaDocument = z.object({
  _seq_no: z.number(),
  _primary_term: z.number(),
  _source: z.object({ state: z.object({ version: z.int().min(0) }) }),
});

/** Two apply commands at once note a number each per migration; more often than this nobody was faster. */
const TRIES_MAX = 20;

/** 0 for a store that nothing has been applied to. */
export async function readSchemaVersion(store: StoreConnection, names: IndexNames): Promise<number> {
  return (await readNote(store, names)).version;
}

/**
 * Says in the store how far it has been migrated. Never takes a number back: what an older version of the apply
 * command comes to say after a newer one is true no longer.
 */
export async function noteSchemaVersion(
  store: StoreConnection,
  names: IndexNames,
  version: number,
): Promise<void> {
  for (let tried = 1; tried <= TRIES_MAX; tried += 1) {
    const there = await readNote(store, names);
    if (there.version >= version) return;
    const { status } = await store.request({
      method: "PUT",
      path: `/${names.checkpoints}/_doc/${SCHEMA_DOCUMENT_ID}`,
      query: there.guard,
      body: { name: SCHEMA_DOCUMENT_ID, state: { version }, written_at: Date.now() },
      accept: [409],
    });
    if (status !== 409) return;
  }
  throw storeRefused("to note the version of its indices, which others keep changing", { version });
}

interface Note {
  readonly version: number;
  /** The condition under which it is still so when it is written over. */
  readonly guard: Readonly<Record<string, string | number>>;
}

async function readNote(store: StoreConnection, names: IndexNames): Promise<Note> {
  const answer = await store.request({
    method: "GET",
    path: `/${names.checkpoints}/_doc/${SCHEMA_DOCUMENT_ID}`,
    accept: [404],
  });
  if (answer.status === 404) return { version: 0, guard: { op_type: "create" } };
  const document = readAnswer(schemaDocument, answer.body, "the schema document");
  return {
    version: document._source.state.version,
    guard: { if_seq_no: document._seq_no, if_primary_term: document._primary_term },
  };
}

/**
 * Lets writes through only once the indices are as this version expects: an index that springs up without
 * its template would guess its mapping, and keep the guess for ever. Asked once per process.
 */
export function schemaGuard(store: StoreConnection, names: IndexNames): () => Promise<void> {
  let applied: Promise<void> | null = null;
  return async () => {
    applied ??= checkApplied(store, names);
    try {
      await applied;
    } catch (error) {
      applied = null;
      throw error;
    }
  };
}

async function checkApplied(store: StoreConnection, names: IndexNames): Promise<void> {
  const version = await readSchemaVersion(store, names);
  if (version >= SCHEMA_VERSION) return;
  throw storeRefused("to write before its indices are set up (run the apply command of opensearch/)", {
    version,
    needed: SCHEMA_VERSION,
  });
}
