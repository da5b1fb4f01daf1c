import type { EpochMs } from "@polytape/market-model";
import type { BookCollision, BookShelf, Checkpoints, FoundBook } from "../market-store.ts";
import { readAnswer, searchAnswer } from "../opensearch/answers.ts";
import { sendBulk } from "../opensearch/bulk.ts";
import { searchStore } from "../opensearch/search.ts";
import type { StoreParts } from "../opensearch/store-parts.ts";
import { findCollisions } from "./book-collisions.ts";
import { type BookDocument, bookDocument, bookDocumentId, bookDocuments, bookOf } from "./book-document.ts";
import type { BookLooks } from "./book-looks.ts";
import { type BookPair, firstWholeBook, isYoungerNearer } from "./book-pairs.ts";
import { BOOKS_CHECKPOINT, lastSeenAtMs } from "./last-seen.ts";

/** Documents of the first look: the book itself. */
const FIRST_LOOK = 2;
/** Documents of each further look, when many halves lie on top of each other. */
const FURTHER_LOOK = 100;
const LOOKS_MAX = 10;

/** Instead of a moment: the newest of all. */
const NO_BOUND = Number.POSITIVE_INFINITY;
/** A moment this young is taken for "now". */
const LATEST_MS = 60_000;

type Direction = "older" | "newer";

/** Books as two documents each, behind one write alias. */
export function bookShelf(
  { store, names, now, ready }: StoreParts,
  checkpoints: Checkpoints,
  memory: BookLooks,
): BookShelf {
  /** Documents of a token at or before a moment, newest first, or after it, oldest first. */
  async function look(
    assetId: string,
    atMs: EpochMs,
    direction: Direction,
    page: Page,
  ): Promise<BookDocument[]> {
    const older = direction === "older";
    const answer = await searchStore(store, {
      index: names.books,
      paths: ["hits.hits._source"],
      body: {
        size: page.size,
        ...(page.from > 0 && { from: page.from }),
        track_total_hits: false,
        query: {
          bool: {
            filter: [
              { term: { asset_id: assetId } },
              ...(atMs === NO_BOUND ? [] : [{ range: { ts: { [older ? "lte" : "gt"]: atMs } } }]),
            ],
          },
        },
        sort: [{ ts: older ? "desc" : "asc" }],
      },
    });
    const { hits } = readAnswer(searchAnswer, answer, "books").hits;
    return hits.map((hit) => readAnswer(bookDocument, hit._source, "a book"));
  }

  async function findWhole(assetId: string, atMs: EpochMs, direction: Direction): Promise<Found> {
    const documents: BookDocument[] = [];
    for (let looks = 0; looks < LOOKS_MAX; looks += 1) {
      const size = looks === 0 ? FIRST_LOOK : FURTHER_LOOK;
      const more = await look(assetId, atMs, direction, { from: documents.length, size });
      documents.push(...more);
      const pair = firstWholeBook(documents);
      if (pair || more.length < size) return { pair, documents };
    }
    return { pair: null, documents };
  }

  async function lookAround(assetId: string, atMs: EpochMs, match: "before" | "nearest"): Promise<Around> {
    const [before, after, next] = await Promise.all([
      findWhole(assetId, atMs, "older"),
      match === "nearest" ? findWhole(assetId, atMs, "newer") : NOT_LOOKED,
      look(assetId, atMs, "newer", { from: 0, size: 1 }),
    ]);
    return { before, after, next };
  }

  /** Most questions are for now: one look at the newest documents also shows that there is none after it. */
  async function lookForLatest(assetId: string, atMs: EpochMs): Promise<Around> {
    const documents = await look(assetId, NO_BOUND, "older", { from: 0, size: FIRST_LOOK });
    const pair = firstWholeBook(documents);
    if (pair === null || documents.some(({ ts }) => ts > atMs)) return lookAround(assetId, atMs, "before");
    return { before: { pair, documents }, after: NOT_LOOKED, next: [] };
  }

  return {
    async storeBooks(books) {
      if (books.length === 0) return { stored: 0, repeated: 0, collided: [] };
      await ready();
      const documents = books.flatMap(bookDocuments);
      const { conflicts } = await sendBulk(store, documents, lineOf);
      const there = new Set(conflicts);
      const touched = books.filter((_, place) => there.has(2 * place) || there.has(2 * place + 1));
      const collided = await findCollisions({ store, names }, touched);
      const lost = new Set(collided.map(versionOf));
      const repeated = books.filter(
        (book, place) => there.has(2 * place) && there.has(2 * place + 1) && !lost.has(versionOf(book)),
      ).length;
      return { stored: books.length - repeated - collided.length, repeated, collided };
    },

    async findBook({ assetId, atMs, match, side }) {
      const isLatest = match === "before" && atMs > now() - LATEST_MS;
      const [{ before, after, next }, looks] = await Promise.all([
        isLatest ? lookForLatest(assetId, atMs) : lookAround(assetId, atMs, match),
        memory.latest(() => checkpoints.read(BOOKS_CHECKPOINT)),
      ]);
      /** The next newer document, half or whole, says when a book was last seen. */
      const foundBook = (pair: BookPair, newer: BookDocument | undefined): FoundBook => {
        const book = bookOf(pair.bid, pair.ask);
        return {
          ...book,
          bids: side === "ask" ? [] : book.bids,
          asks: side === "bid" ? [] : book.asks,
          lastSeenAtMs: lastSeenAtMs(book, {
            looks,
            next: newer ? { previousSeenAtMs: newer.previous_seen_at } : null,
          }),
        };
      };
      const { pair: older } = before;
      const { pair: younger } = after;
      const newerHalf = before.documents.findLast(({ ts }) => older && ts > older.tsMs);
      const stood = older && foundBook(older, newerHalf ?? next[0]);
      if (stood && !(younger && isYoungerNearer(atMs, stood.lastSeenAtMs, younger.tsMs))) return stood;
      if (!younger) return null;
      const [newer] = await look(assetId, younger.tsMs, "newer", { from: 0, size: 1 });
      return foundBook(younger, newer);
    },
  };

  function lineOf(document: BookDocument) {
    const id = bookDocumentId(document.asset_id, document.ts, document.side);
    return {
      // Without its alias an index of that name would spring up, of a guessed mapping, that can never roll over.
      action: JSON.stringify({ create: { _index: names.books, _id: id, require_alias: true } }),
      source: JSON.stringify(document),
    };
  }
}

function versionOf({ assetId, tsMs, hash }: Pick<BookCollision, "assetId" | "tsMs" | "hash">): string {
  return `${assetId}|${tsMs}|${hash}`;
}

interface Found {
  readonly pair: BookPair | null;
  /** All that was looked at, in the order of the search. */
  readonly documents: readonly BookDocument[];
}

/** The books before and after a moment, and the document that follows the moment. */
interface Around {
  readonly before: Found;
  readonly after: Found;
  readonly next: readonly BookDocument[];
}

const NOT_LOOKED: Found = { pair: null, documents: [] };

interface Page {
  readonly from: number;
  readonly size: number;
}
