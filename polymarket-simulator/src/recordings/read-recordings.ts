import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type BookSummary, bookHash } from "../clob/book-hash.ts";
import { V1_NAMES } from "../data/trade-rows.ts";

export type JsonObject = Record<string, unknown>;

/** A market as recorded at one moment, with what its file says around it. */
export interface RecordedVersion {
  readonly object: JsonObject;
  /** The tags of the event it was found in; null when it was recorded without them. */
  readonly tags: readonly unknown[] | null;
  readonly file: string;
}

/** All recorded versions of one market, oldest first. */
export interface RecordedMarket {
  readonly id: string;
  readonly versions: readonly RecordedVersion[];
}

/** One file of trades is one feed: files overlap, so they are never merged. */
export interface RecordedFeed {
  readonly name: string;
  readonly file: string;
  /** Whether it was asked for with makers. The rows don't say; the origin of the file does. */
  readonly rowSet: "taker" | "all";
  /** Newest first, as recorded, under the names of v2. */
  readonly rows: readonly JsonObject[];
}

export interface RecordedBook {
  readonly book: BookSummary;
  readonly file: string;
  /** Whether the recorded hash is that of the recorded book. */
  readonly verified: boolean;
}

export interface Recordings {
  readonly markets: readonly RecordedMarket[];
  readonly events: readonly JsonObject[];
  readonly tags: readonly unknown[];
  readonly feeds: readonly RecordedFeed[];
  readonly books: readonly RecordedBook[];
  /** Files that are not served, and why. */
  readonly leftOut: readonly { file: string; reason: string }[];
}

/** Recorded with maker rows, by what is known of their origin; every other file with taker rows only. */
const WITH_MAKERS = /gabagool|baguette/;

/**
 * Reads a folder of recorded payloads (`gamma/`, `data_api/`, `clob_rest/`). What a file holds is seen from
 * its content, not from its name. Throws an Error when the folder holds none.
 */
export function readRecordings(folder: string): Recordings {
  const versions = new Map<string, RecordedVersion[]>();
  const events = new Map<string, JsonObject>();
  const found = { tags: [] as unknown[], feeds: [] as RecordedFeed[], books: [] as RecordedBook[] };
  const leftOut: { file: string; reason: string }[] = [];

  function addMarket(object: JsonObject, tags: readonly unknown[] | null, file: string): void {
    const id = String(object["id"] ?? object["conditionId"]);
    versions.set(id, [...(versions.get(id) ?? []), { object, tags, file }]);
  }

  /** An event's markets are served with the event around them, as `/markets` does. */
  function addEvent(event: JsonObject, file: string): void {
    const { markets, tags, ...rest } = event;
    events.set(String(event["id"]), event);
    for (const market of objectsOf(markets))
      addMarket({ ...market, events: [rest] }, Array.isArray(tags) ? tags : null, file);
  }

  function addGamma(value: unknown, file: string): void {
    for (const object of objectsOf(value)) {
      if (Array.isArray(object["gamma_events"])) addGamma(object["gamma_events"], file);
      else if (Array.isArray(object["markets"])) addEvent(object, file);
      else if ("conditionId" in object) addMarket(object, null, file);
      else if ("label" in object) found.tags.push(object);
      else leftOut.push({ file, reason: "neither a market, an event nor a tag" });
    }
  }

  function addTrades(value: unknown, file: string): void {
    const rows = objectsOf(isObject(value) && "data" in value ? value["data"] : value);
    const [first] = rows;
    const isTrade =
      first && ("transactionHash" in first || "transaction_hash" in first) && !("type" in first);
    if (!isTrade) {
      leftOut.push({ file, reason: "not trades" });
      return;
    }
    const name = file.replace(/^.*\//, "").replace(/\.json$/, "");
    found.feeds.push({
      name,
      file,
      rowSet: WITH_MAKERS.test(name) ? "all" : "taker",
      rows: rows.map(underV2Names),
    });
  }

  function addBooks(value: unknown, file: string): void {
    const books = objectsOf(value).filter(isRestBook);
    if (books.length === 0) leftOut.push({ file, reason: "not a book of the REST form" });
    for (const book of books) found.books.push({ book, file, verified: bookHash(book) === book.hash });
  }

  for (const file of filesIn(folder, "gamma"))
    for (const value of valuesOf(folder, file)) addGamma(value, file);
  for (const file of filesIn(folder, "data_api"))
    for (const value of valuesOf(folder, file)) addTrades(value, file);
  for (const file of filesIn(folder, "clob_rest"))
    for (const value of valuesOf(folder, file)) addBooks(value, file);
  for (const file of filesIn(folder, "ws_market"))
    leftOut.push({ file, reason: "the socket is not simulated" });
  for (const file of filesIn(folder, "load")) leftOut.push({ file, reason: "derived from answers, not one" });
  if (versions.size + found.feeds.length + found.books.length === 0)
    throw new Error(`There are no recordings in ${folder}.`);
  return {
    markets: [...versions].map(([id, all]) => ({ id, versions: all.toSorted(byUpdate) })),
    events: [...events.values()],
    ...found,
    leftOut,
  };
}

/** Versions without a date stay where they are: the sort is stable. */
function byUpdate(a: RecordedVersion, b: RecordedVersion): number {
  const moment = ({ object }: RecordedVersion) => Date.parse(String(object["updatedAt"]));
  return moment(a) - moment(b) || 0;
}

function filesIn(folder: string, family: string): string[] {
  const path = join(folder, family);
  return existsSync(path)
    ? readdirSync(path)
        .sort()
        .map((name) => `${family}/${name}`)
    : [];
}

/** The JSON of a file, or of each of its lines. */
function valuesOf(folder: string, file: string): unknown[] {
  const text = readFileSync(join(folder, file), "utf8");
  if (file.endsWith(".json")) return [JSON.parse(text)];
  return text
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => JSON.parse(line));
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function objectsOf(value: unknown): JsonObject[] {
  return (Array.isArray(value) ? value : [value]).filter(isObject);
}

function isRestBook(value: JsonObject): value is JsonObject & BookSummary {
  return "asset_id" in value && "hash" in value && "bids" in value && "min_order_size" in value;
}

const V2_NAMES = Object.fromEntries(Object.entries(V1_NAMES).map(([v2, v1]) => [v1, v2]));

function underV2Names(row: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [V2_NAMES[name] ?? name, value]));
}
