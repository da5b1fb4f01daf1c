import { setTimeout as delay } from "node:timers/promises";
import { PolytapeError } from "@polytape/market-model";
import { type IndexNames, readAnswer, type StoreConnection } from "@polytape/market-store";
import { z } from "zod";

const countAnswer = z.object({ count: z.number() });
const taskStarted = z.object({ task: z.string() });
const taskAnswer = z.object({
  completed: z.boolean(),
  error: z.unknown().optional(),
  response: z.object({ failures: z.array(z.unknown()).default([]) }).optional(),
});
const aliasAnswer = z.record(z.string(), z.unknown());

const ASK_AGAIN_MS = 500;
/** A hundred gigabytes are copied in less. */
const COPY_MS_MAX = 6 * 3_600_000;

/**
 * Moves the books of an index that has the alias's name into the first index behind the alias. Writes to it are
 * refused meanwhile (the collector tries again); the old index goes only in the same step in which the alias
 * comes, and only when every document of it is there. Where the alias is there already nothing is done; cut off
 * anywhere, it begins again and finds the copied documents. Throws `migration_incomplete` (operating).
 */
export async function putBooksBehindAlias(store: StoreConnection, names: IndexNames): Promise<void> {
  const [index, first] = [names.books, `${names.books}-000001`];
  const { status, body } = await store.request({ method: "GET", path: `/${index}`, accept: [404] });
  // By an alias the server answers with the names of the indices behind it.
  if (status === 404 || !(index in readAnswer(aliasAnswer, body, "an index"))) return;
  await setWriteBlock(store, index, true);
  try {
    await store.request({ method: "PUT", path: `/${first}`, accept: [400] });
    await copyDocuments(store, index, first);
    const [there, copied] = [await countOf(store, index), await countOf(store, first)];
    if (copied < there) throw incomplete({ documents: there, copied });
    const actions = [
      { remove_index: { index } },
      { add: { index: first, alias: index, is_write_index: true } },
    ];
    await store.request({ method: "POST", path: "/_aliases", body: { actions } });
  } catch (error) {
    await setWriteBlock(store, index, null).catch(() => undefined);
    throw error;
  }
}

async function setWriteBlock(store: StoreConnection, index: string, on: boolean | null): Promise<void> {
  await store.request({ method: "PUT", path: `/${index}/_settings`, body: { "index.blocks.write": on } });
}

/** In the background of the server, asked for again and again: it may take longer than any request. */
async function copyDocuments(store: StoreConnection, from: string, to: string): Promise<void> {
  await store.request({ method: "POST", path: `/${from}/_refresh` });
  const started = await store.request({
    method: "POST",
    path: "/_reindex",
    query: { wait_for_completion: false },
    body: { conflicts: "proceed", source: { index: from }, dest: { index: to, op_type: "create" } },
    once: true,
  });
  const { task } = readAnswer(taskStarted, started.body, "a copy");
  const untilMs = Date.now() + COPY_MS_MAX;
  for (;;) {
    const { body } = await store.request({ method: "GET", path: `/_tasks/${task}` });
    const { completed, error, response } = readAnswer(taskAnswer, body, "a copy");
    const failure = error ?? response?.failures[0];
    if (failure !== undefined) throw incomplete({ first_failure: JSON.stringify(failure).slice(0, 500) });
    if (completed) return;
    if (Date.now() > untilMs) throw incomplete({ after_ms: COPY_MS_MAX });
    await delay(ASK_AGAIN_MS);
  }
}

async function countOf(store: StoreConnection, index: string): Promise<number> {
  await store.request({ method: "POST", path: `/${index}/_refresh` });
  const { body } = await store.request({ method: "GET", path: `/${index}/_count` });
  return readAnswer(countAnswer, body, "a count").count;
}

function incomplete(facts: Readonly<Record<string, unknown>>): PolytapeError {
  return new PolytapeError(
    "operating",
    "migration_incomplete",
    "The books were not copied whole; they stay where they were.",
    { facts },
  );
}
