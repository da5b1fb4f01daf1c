import type { ObservedBook } from "@polytape/market-model";
import { z } from "zod";
import type { BookCollision } from "../market-store.ts";
import { readAnswer, searchAnswer } from "../opensearch/answers.ts";
import { refreshIndices } from "../opensearch/refresh.ts";
import { searchStore } from "../opensearch/search.ts";
import type { StoreParts } from "../opensearch/store-parts.ts";
import { bookDocumentId } from "./book-document.ts";

const BOOKS_AT_ONCE_MAX = 500;

const storedHash = z.object({ hash: z.string() });

/**
 * Of books whose documents were there already, those that are there with another hash. Costs a refresh and
 * a search, but repeats are rare: a crash, two runs at once, or this. Read by search, because a document
 * cannot be read by its id through an alias of several indices.
 */
export async function findCollisions(
  { store, names }: Pick<StoreParts, "store" | "names">,
  books: readonly ObservedBook[],
): Promise<BookCollision[]> {
  if (books.length > 0) await refreshIndices(store, [names.books]);
  const collisions: BookCollision[] = [];
  for (let from = 0; from < books.length; from += BOOKS_AT_ONCE_MAX) {
    const some = books.slice(from, from + BOOKS_AT_ONCE_MAX);
    const hashes = await readHashes({ store, names }, some.flatMap(idsOf));
    for (const book of some) {
      const other = idsOf(book)
        .map((id) => hashes.get(id))
        .find((hash) => hash !== undefined && hash !== book.hash);
      if (other !== undefined)
        collisions.push({ assetId: book.assetId, tsMs: book.tsMs, hash: book.hash, storedHash: other });
    }
  }
  return collisions;
}

function idsOf({ assetId, tsMs }: ObservedBook): string[] {
  return [bookDocumentId(assetId, tsMs, "bid"), bookDocumentId(assetId, tsMs, "ask")];
}

async function readHashes(
  { store, names }: Pick<StoreParts, "store" | "names">,
  ids: readonly string[],
): Promise<Map<string, string>> {
  const answer = await searchStore(store, {
    index: names.books,
    paths: ["hits.hits._id", "hits.hits._source"],
    body: { size: ids.length, track_total_hits: false, _source: ["hash"], query: { ids: { values: ids } } },
  });
  const { hits } = readAnswer(searchAnswer, answer, "books by id").hits;
  return new Map(hits.map((hit) => [hit._id ?? "", readAnswer(storedHash, hit._source, "a book").hash]));
}
