import type { ObservedBook, RejectedRecord } from "@polytape/market-model";
import { readAs } from "../http/read-as.ts";
import { isRejected } from "../http/rejected.ts";
import type { Upstream } from "../http/upstream.ts";
import type { BookAnswer } from "../polymarket-source.ts";
import { type PolymarketBooksRequest, polymarketBookList } from "../wire/index.ts";
import { toBook } from "./to-book.ts";

/** The upstream's bound is by bytes of the answer, and has failed beyond about 500 tokens. */
export const BATCH_TOKENS_MAX = 200;
const PATH = "books";

/** Books of any number of tokens, one batch after the other; each token is asked for once. */
export async function readBooks(
  upstream: Upstream,
  clobUrl: string,
  assetIds: readonly string[],
): Promise<BookAnswer> {
  const wanted = [...new Set(assetIds)];
  const batches: BookAnswer[] = [];
  for (let start = 0; start < wanted.length; start += BATCH_TOKENS_MAX)
    batches.push(await readBatch(upstream, clobUrl, wanted.slice(start, start + BATCH_TOKENS_MAX)));
  return {
    books: batches.flatMap((batch) => batch.books),
    rejected: batches.flatMap((batch) => batch.rejected),
    missing: batches.flatMap((batch) => batch.missing),
  };
}

async function readBatch(
  upstream: Upstream,
  clobUrl: string,
  assetIds: readonly string[],
): Promise<BookAnswer> {
  const body: PolymarketBooksRequest = assetIds.map((token_id) => ({ token_id }));
  const answer = await upstream.read({ endpoint: "books", baseUrl: clobUrl, path: PATH, body });
  return sortOut(readAs(polymarketBookList, answer.json, PATH), assetIds, answer.receivedAtMs);
}

function sortOut(records: readonly unknown[], assetIds: readonly string[], receivedAtMs: number): BookAnswer {
  const unanswered = new Set(assetIds);
  const books: ObservedBook[] = [];
  const rejected: RejectedRecord[] = [];
  for (const raw of records) {
    const book = toBook(raw, receivedAtMs);
    if (isRejected(book)) {
      // A book that cannot be read is not a book that is not there.
      unanswered.delete(statedAssetId(raw));
      rejected.push(book);
    } else if (unanswered.delete(book.assetId)) books.push(book);
    else rejected.push({ kind: "book", reason: "asset_id: not asked for, or twice", raw, receivedAtMs });
  }
  return { books, rejected, missing: [...unanswered] };
}

function statedAssetId(raw: unknown): string {
  if (typeof raw !== "object" || raw === null || !("asset_id" in raw)) return "";
  return String(raw.asset_id);
}
