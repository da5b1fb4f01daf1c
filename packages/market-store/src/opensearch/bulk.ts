import { setTimeout as delay } from "node:timers/promises";
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
const BYTES_MAX = 4_000_000;
const FIRST_BYTES = 16_384;
const IN_FLIGHT_MAX = 2;
/** Tries of what was refused for the moment (429, 503): waits of 0.1, 0.2, 0.4, 0.8 seconds. */
const TRIES_MAX = 5;
const FIRST_DELAY_MS = 100;

/**
 * Sends documents in batches, two at once; a document is made into text only when its batch is due, while
 * the server is at work on the ones before. Conflicts (409) are the caller's to read. Single documents
 * refused for the moment are tried again with growing delays; any other refusal, or a last one, throws
 * `store_refused` with the count and the first reason, after the other documents have been written.
 */
export async function sendBulk<T>(
  store: StoreConnection,
  records: readonly T[],
  lineOf: (record: T) => BulkLine,
): Promise<BulkOutcome> {
  const conflicts: number[] = [];
  const refused: string[] = [];
  const waiting = records.entries();
  async function sendNext(): Promise<void> {
    for (let batch = takeBatch(waiting, lineOf); batch.places.length > 0; batch = takeBatch(waiting, lineOf))
      await sendBatch(store, batch, { conflicts, refused });
  }
  await Promise.all(Array.from({ length: IN_FLIGHT_MAX }, sendNext));

  if (refused.length > 0)
    throw storeRefused(`${refused.length} of ${records.length} documents`, {
      refused: refused.length,
      first_reason: refused[0],
    });
  return { written: records.length - conflicts.length, conflicts };
}

/** Documents as they go to the server. */
interface Batch {
  /** Places in the input. */
  readonly places: readonly number[];
  readonly bytes: Buffer;
  /** Where each document's two lines end in the bytes. */
  readonly ends: readonly number[];
}

/** The next documents, cut by number and by length. */
function takeBatch<T>(waiting: Iterator<[number, T]>, lineOf: (record: T) => BulkLine): Batch {
  const places: number[] = [];
  const ends: number[] = [];
  let bytes: Buffer = Buffer.allocUnsafe(FIRST_BYTES);
  let end = 0;
  while (places.length < DOCUMENTS_MAX && end < BYTES_MAX) {
    const next = waiting.next();
    if (next.done) break;
    const [place, record] = next.value;
    const { action, source } = lineOf(record);
    const text = `${action}\n${source}\n`;
    bytes = withRoom(bytes, end, text.length * UTF8_BYTES_MAX);
    // Written at once: text that is kept as pieces until the whole batch is joined costs three times as much.
    end += bytes.write(text, end);
    places.push(place);
    ends.push(end);
  }
  return { places, ends, bytes: bytes.subarray(0, end) };
}

/** Bytes of one UTF-16 unit at most. */
const UTF8_BYTES_MAX = 3;

function withRoom(bytes: Buffer, used: number, needed: number): Buffer {
  if (used + needed <= bytes.length) return bytes;
  const bigger = Buffer.allocUnsafe(Math.max(2 * bytes.length, used + needed));
  bytes.copy(bigger, 0, 0, used);
  return bigger;
}

/** The documents of a batch at the given indices. */
function pick(batch: Batch, indices: readonly number[]): Batch {
  const pieces = indices.map((index) => batch.bytes.subarray(batch.ends[index - 1] ?? 0, batch.ends[index]));
  let end = 0;
  return {
    places: indices.flatMap((index) => batch.places[index] ?? []),
    ends: pieces.map((piece) => (end += piece.length)),
    bytes: Buffer.concat(pieces),
  };
}

async function sendBatch(
  store: StoreConnection,
  whole: Batch,
  into: { readonly conflicts: number[]; readonly refused: string[] },
): Promise<void> {
  let batch = whole;
  for (let tried = 1; batch.places.length > 0; tried += 1) {
    const later: number[] = [];
    const items = await sendOnce(store, batch);
    for (const [index, place] of batch.places.entries()) {
      const item = items[index] ?? NOT_NOW;
      if (item.status < 300) continue;
      if (item.status === 409) into.conflicts.push(place);
      else if (isForNow(item.status) && tried < TRIES_MAX) later.push(index);
      else into.refused.push(`${item.status} ${item.reason}`);
    }
    if (later.length > 0) await delay(FIRST_DELAY_MS * 2 ** (tried - 1));
    batch = pick(batch, later);
  }
}

interface ItemOutcome {
  readonly status: number;
  readonly reason: string;
}

const NOT_NOW: ItemOutcome = { status: 429, reason: "the whole request was refused for the moment" };

function isForNow(status: number): boolean {
  return status === 429 || status === 503;
}

/** What became of each document; nothing when the whole request was refused for the moment. */
async function sendOnce(store: StoreConnection, batch: Batch): Promise<ItemOutcome[]> {
  const answer = await store.request({
    method: "POST",
    path: "/_bulk",
    query: { filter_path: "items.*.status,items.*.error.type,items.*.error.reason" },
    lines: batch.bytes,
    accept: [429],
  });
  if (answer.status === 429) return [];
  const items = itemsOf(answer.body);
  if (items.length === batch.places.length) return items;
  throw storeUnavailable(new Error(`A bulk of ${batch.places.length} was answered for ${items.length}.`));
}

/** Read by hand: thousands of items an answer, and a schema would take a tenth of the whole write's time. */
function itemsOf(body: unknown): ItemOutcome[] {
  const items = isRecord(body) ? body["items"] : null;
  if (!Array.isArray(items)) return [];
  return items.flatMap((item: unknown) => (isRecord(item) ? Object.values(item) : [])).map(outcomeOf);
}

function outcomeOf(item: unknown): ItemOutcome {
  const status = isRecord(item) ? item["status"] : null;
  if (typeof status !== "number") return { status: 500, reason: "an item without a status" };
  const error = isRecord(item) ? item["error"] : null;
  const reason = isRecord(error) ? `${error["type"]}: ${error["reason"] ?? ""}`.slice(0, 300) : "";
  return { status, reason };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
