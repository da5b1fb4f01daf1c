import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import { storeRefused, storeUnavailable } from "../store-errors.ts";
import type { StoreConnection } from "./connection.ts";

/** One document of a bulk: its action and its source, both as JSON text without line breaks. */
export interface BulkLine {
  readonly action: string;
  readonly source: string;
}

export interface BulkOutcome {
  /** Written documents, by place in the input. */
  readonly written: number;
  /** Places in the input whose document was there already, or had another version. */
  readonly conflicts: readonly number[];
}

/** Measured: 5,000 at a time, two at once, is within a tenth of the fastest; the bytes bound big documents. */
const DOCUMENTS_MAX = 5_000;
const CHARACTERS_MAX = 4_000_000;
const IN_FLIGHT_MAX = 2;
/** Tries of what was refused for the moment (429, 503): waits of 0.1, 0.2, 0.4, 0.8 seconds. */
const TRIES_MAX = 5;
const FIRST_DELAY_MS = 100;

const bulkAnswer = z.object({
  items: z.array(
    z.record(
      z.string(),
      z.object({
        status: z.number(),
        error: z.object({ type: z.string(), reason: z.string().nullish() }).optional(),
      }),
    ),
  ),
});

/**
 * Sends documents in batches, two at once. Conflicts (409) are the caller's to read. Single documents
 * refused for the moment are tried again with growing delays; any other refusal, or a last one, throws
 * `store_refused` with the count and the first reason, after the other documents have been written.
 */
export async function sendBulk(store: StoreConnection, lines: readonly BulkLine[]): Promise<BulkOutcome> {
  const batches = batchesOf(lines);
  const outcomes: BatchOutcome[] = [];
  let next = 0;
  async function sendNext(): Promise<void> {
    for (let batch = batches[next++]; batch; batch = batches[next++])
      outcomes.push(await sendBatch(store, lines, batch));
  }
  await Promise.all(Array.from({ length: IN_FLIGHT_MAX }, sendNext));

  const refused = outcomes.flatMap((outcome) => outcome.refused);
  if (refused.length > 0)
    throw storeRefused(`${refused.length} of ${lines.length} documents`, {
      refused: refused.length,
      first_reason: refused[0],
    });
  const conflicts = outcomes.flatMap((outcome) => outcome.conflicts);
  return { written: lines.length - conflicts.length, conflicts };
}

interface BatchOutcome {
  readonly conflicts: readonly number[];
  readonly refused: readonly string[];
}

/** Places in the input, cut by number and by length. */
function batchesOf(lines: readonly BulkLine[]): number[][] {
  const batches: number[][] = [];
  let open: number[] = [];
  let characters = 0;
  for (const [place, line] of lines.entries()) {
    if (open.length === DOCUMENTS_MAX || (open.length > 0 && characters > CHARACTERS_MAX)) {
      batches.push(open);
      open = [];
      characters = 0;
    }
    open.push(place);
    characters += line.action.length + line.source.length;
  }
  if (open.length > 0) batches.push(open);
  return batches;
}

async function sendBatch(
  store: StoreConnection,
  lines: readonly BulkLine[],
  batch: readonly number[],
): Promise<BatchOutcome> {
  const conflicts: number[] = [];
  const refused: string[] = [];
  let waiting = batch;
  for (let tried = 1; waiting.length > 0; tried += 1) {
    const later: number[] = [];
    const sent = waiting;
    const items = await sendOnce(store, lines, sent);
    for (const [index, place] of sent.entries()) {
      const item = items === "not_now" ? NOT_NOW : (items[index] ?? NOT_NOW);
      if (item.status === 409) conflicts.push(place);
      else if (item.status < 300) continue;
      else if (isForNow(item.status) && tried < TRIES_MAX) later.push(place);
      else refused.push(`${item.status} ${item.reason}`);
    }
    if (later.length > 0) await delay(FIRST_DELAY_MS * 2 ** (tried - 1));
    waiting = later;
  }
  return { conflicts, refused };
}

interface ItemOutcome {
  readonly status: number;
  readonly reason: string;
}

const NOT_NOW: ItemOutcome = { status: 429, reason: "the whole request was refused for the moment" };

function isForNow(status: number): boolean {
  return status === 429 || status === 503;
}

async function sendOnce(
  store: StoreConnection,
  lines: readonly BulkLine[],
  places: readonly number[],
): Promise<ItemOutcome[] | "not_now"> {
  let text = "";
  for (const place of places) {
    const line = lines[place];
    if (line) text += `${line.action}\n${line.source}\n`;
  }
  const answer = await store.request({
    method: "POST",
    path: "/_bulk",
    query: { filter_path: "items.*.status,items.*.error.type,items.*.error.reason" },
    lines: text,
    accept: [429],
  });
  if (answer.status === 429) return "not_now";
  return itemsOf(answer.body, places.length);
}

function itemsOf(body: unknown, expected: number): ItemOutcome[] {
  const items = bulkAnswer.parse(body).items.flatMap((item) => Object.values(item));
  if (items.length !== expected)
    throw storeUnavailable(new Error(`a bulk of ${expected} was answered for ${items.length}`));
  return items.map(({ status, error }) => ({
    status,
    reason: `${error?.type}: ${error?.reason ?? ""}`.slice(0, 300),
  }));
}
