import { setTimeout as delay } from "node:timers/promises";
import { hasCode } from "@polytape/market-model";
import { refusalCode } from "../refusal-code.ts";
import { storeRefusal, storeUnavailable } from "../store-errors.ts";
import type { StoreAnswer, StoreConnection } from "./connection.ts";

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
/** Tries of what was refused for the moment (429, 502 to 504, no answer): waits of 0.1, 0.2, 0.4, 0.8 seconds. */
const TRIES_MAX = 5;
const FIRST_DELAY_MS = 100;
/**
 * How long the server holds documents whose shard is away or whose index is being made; its own default is a
 * minute. Not shorter: forty new days in one bulk take it many seconds, measured on a busy machine.
 */
const SHARD_WAIT = "10s";

/**
 * Sends documents in batches, two at once; a document is made into text only when its batch is due, while
 * the server is at work on the ones before, and anew for every try: a moment that `lineOf` writes into it is
 * never older than the request that stores it, save the making of one batch. What remains: the server may
 * store it later than that, by its own work (measured: well below a second a batch) and by up to `SHARD_WAIT`
 * when the shard is away or new; a request whose time is over may still be stored, within the same bound.
 *
 * Conflicts (409) are the caller's to read. What was refused for the moment is tried again with growing
 * delays; any other refusal, or a last one, throws `store_refused` (or what `RefusalCode` names) with the count
 * and the gravest reason, after the other documents have been written. Throws `store_unavailable` when the time of one request is over
 * (the server may still store it), or no answer came to the last try.
 */
export async function sendBulk<T>(
  store: StoreConnection,
  records: readonly T[],
  lineOf: (record: T) => BulkLine,
): Promise<BulkOutcome> {
  const conflicts: number[] = [];
  const refused: ItemOutcome[] = [];
  const waiting = records.entries();
  const next = () => makeBatch(waiting, lineOf);
  const again = (places: readonly number[]) => makeBatch(entriesAt(records, places), lineOf);
  async function sendNext(): Promise<void> {
    for (let batch = next(); batch.places.length > 0; batch = next())
      await sendBatch(store, batch, again, { conflicts, refused });
  }
  await Promise.all(Array.from({ length: IN_FLIGHT_MAX }, sendNext));

  const worst = refused.toSorted((a, b) => severityOf(b) - severityOf(a))[0];
  if (worst !== undefined)
    throw storeRefusal(`${refused.length} of ${records.length} documents`, worst, {
      refused: refused.length,
      first_reason: `${worst.status} ${worst.reason}`,
    });
  return { written: records.length - conflicts.length, conflicts };
}

/** Documents as they go to the server. */
interface Batch {
  /** Places in the input. */
  readonly places: readonly number[];
  readonly bytes: Buffer;
}

/** The next documents, cut by number and by length. */
function makeBatch<T>(waiting: Iterator<[number, T]>, lineOf: (record: T) => BulkLine): Batch {
  const places: number[] = [];
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
  }
  return { places, bytes: bytes.subarray(0, end) };
}

function* entriesAt<T>(records: readonly T[], places: readonly number[]): Generator<[number, T]> {
  for (const place of places) for (const record of records.slice(place, place + 1)) yield [place, record];
}

/** Bytes of one UTF-16 unit at most. */
const UTF8_BYTES_MAX = 3;

function withRoom(bytes: Buffer, used: number, needed: number): Buffer {
  if (used + needed <= bytes.length) return bytes;
  const bigger = Buffer.allocUnsafe(Math.max(2 * bytes.length, used + needed));
  bytes.copy(bigger, 0, 0, used);
  return bigger;
}

async function sendBatch(
  store: StoreConnection,
  whole: Batch,
  again: (places: readonly number[]) => Batch,
  into: { readonly conflicts: number[]; readonly refused: ItemOutcome[] },
): Promise<void> {
  let batch = whole;
  for (let tried = 1; batch.places.length > 0; tried += 1) {
    const later: number[] = [];
    const items = await sendOnce(store, batch, tried);
    for (const [index, place] of batch.places.entries()) {
      const item = items[index] ?? NOT_NOW;
      if (item.status < 300) continue;
      if (item.status === 409) into.conflicts.push(place);
      else if (isForNow(item) && tried < TRIES_MAX) later.push(place);
      else into.refused.push(item);
    }
    if (later.length > 0) await delay(FIRST_DELAY_MS * 2 ** (tried - 1));
    batch = again(later);
  }
}

interface ItemOutcome {
  readonly status: number;
  readonly reason: string;
}

const NOT_NOW: ItemOutcome = { status: 429, reason: "the whole request was refused for the moment" };

/** A block on an index has the status of a busy server, and stays for longer than any try. */
function isForNow({ status, reason }: ItemOutcome): boolean {
  return status === 503 || refusalCode(status, reason) === "store_busy";
}

/** What will not pass by itself is named first: it needs somebody to look. */
function severityOf({ status, reason }: ItemOutcome): number {
  return ["store_busy", "store_full", "store_read_only", "store_login_refused", "store_refused"].indexOf(
    refusalCode(status, reason),
  );
}

/** What became of each document; nothing when the whole request was refused for the moment. */
async function sendOnce(store: StoreConnection, batch: Batch, tried: number): Promise<ItemOutcome[]> {
  const answer = await request(store, batch, tried);
  if (answer === null || answer.status === 429) return [];
  const items = itemsOf(answer.body);
  if (items.length === batch.places.length) return items;
  throw storeUnavailable(new Error(`A bulk of ${batch.places.length} was answered for ${items.length}.`));
}

/** Null when no answer came and there are tries left; sent once, because a repeat would carry old moments. */
async function request(store: StoreConnection, batch: Batch, tried: number): Promise<StoreAnswer | null> {
  try {
    return await store.request({
      method: "POST",
      path: "/_bulk",
      query: {
        filter_path: "items.*.status,items.*.error.type,items.*.error.reason",
        timeout: SHARD_WAIT,
      },
      lines: batch.bytes,
      accept: [429],
      once: true,
    });
  } catch (error) {
    const isPassing = hasCode(error, "store_unavailable") && error.facts["timed_out"] !== true;
    if (isPassing && tried < TRIES_MAX) return null;
    throw error;
  }
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
