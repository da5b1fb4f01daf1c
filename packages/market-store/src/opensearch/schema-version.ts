import { z } from "zod";
import { storeRefused } from "../store-errors.ts";
import { getAnswer, readAnswer } from "./answers.ts";
import type { StoreConnection } from "./connection.ts";
import type { IndexNames } from "./index-names.ts";

/** What this version of the package expects of the indices; the last migration in `opensearch/` brings it. */
export const SCHEMA_VERSION = 4;

/** The document that says how far the store has been migrated, among the checkpoints. */
export const SCHEMA_DOCUMENT_ID = "store-schema";

const schemaState = z.object({ state: z.object({ version: z.int().min(0) }) });

/** 0 for a store that nothing has been applied to. */
export async function readSchemaVersion(store: StoreConnection, names: IndexNames): Promise<number> {
  const answer = await store.request({
    method: "GET",
    path: `/${names.checkpoints}/_doc/${SCHEMA_DOCUMENT_ID}`,
    accept: [404],
  });
  if (answer.status === 404) return 0;
  const document = readAnswer(getAnswer, answer.body, "the schema document");
  return readAnswer(schemaState, document._source, "the schema document").state.version;
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
