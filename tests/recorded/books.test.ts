import { isRejected, toBook } from "@polytape/polymarket-source";
import { polymarketStatus } from "@polytape/polymarket-source/wire";
import { describe, expect, test } from "vitest";
import { isRecord, READ_AT_MS, recordedFiles, recordedValues, recordingsAbsent } from "./recordings.ts";

/** Books per file; files of the folder that hold something else are named with what it is. */
const BOOKS: Readonly<Record<string, number>> = {
  "book_empty_asks.json": 1,
  "book_one_bid_level_negrisk.json": 1,
  "books_fed_event_a.json": 6,
};
const NO_BOOKS = [
  "clob_markets_compact_a.json",
  "nt_market_closed_accepting_true.json",
  "nt_markets_page_100.json",
  "prices_history_london.json",
  "quotes_midpoint_price_munich.json",
];

const values = (file: string) => recordedValues(`clob_rest/${file}`).flat();

describe.skipIf(recordingsAbsent)("recorded books", () => {
  test("every file of the folder is read here", () => {
    expect(recordedFiles("clob_rest")).toEqual([...Object.keys(BOOKS), ...NO_BOOKS].sort());
  });

  test.each(Object.entries(BOOKS))(
    "%s: all %i books agree with their hash, best level first",
    (file, count) => {
      const books = values(file).map((raw) => toBook(raw, READ_AT_MS));

      expect(books).toHaveLength(count);
      for (const book of books) {
        if (isRejected(book)) throw new Error(book.reason);
        expect(book.verified).toBe(true);
        const bids = book.bids.map(({ price }) => Number(price));
        const asks = book.asks.map(({ price }) => Number(price));
        expect(bids).toEqual([...bids].sort((a, b) => b - a));
        expect(asks).toEqual([...asks].sort((a, b) => a - b));
        expect((bids[0] ?? 0) < (asks[0] ?? 1)).toBe(true);
      }
    },
  );

  test("a book without asks, of a market that never traded, is whole", () => {
    expect(toBook(values("book_empty_asks.json")[0], READ_AT_MS)).toMatchObject({
      asks: [],
      lastTradePrice: null,
      bids: [
        { price: "0.002", size: "6.99" },
        { price: "0.001", size: "667.12" },
      ],
    });
  });

  test("a changed level is noticed in every recorded book", () => {
    const books = Object.keys(BOOKS).flatMap(values).filter(isRecord);

    for (const book of books)
      expect(toBook({ ...book, bids: [{ price: "0.5", size: "1" }] }, READ_AT_MS)).toMatchObject({
        verified: false,
      });
  });

  test.each(NO_BOOKS)("%s holds no book: each of its objects is rejected with a reason", (file) => {
    const records = values(file).map((raw) => toBook(raw, READ_AT_MS));

    expect(records.length).toBeGreaterThan(0);
    for (const record of records)
      expect(record).toMatchObject({ kind: "book", reason: expect.stringMatching(/^[a-z_]+: /) });
  });

  // Snapshots of the socket leave out what REST states, and some were trimmed when they were recorded.
  test("books of the socket are read, and are unverified as they stand", () => {
    const [trimmed] = recordedValues("ws_market/netqo_book_initial.json");
    const [of2024] = recordedValues("ws_market/nt_book_2024.json");

    for (const raw of [trimmed, of2024]) {
      const [first] = Array.isArray(raw) ? raw : [raw];
      expect(toBook(first, READ_AT_MS)).toMatchObject({ verified: false, negRisk: null });
    }
  });

  test("the recorded status of the Data-API states its lag", () => {
    const { data } = polymarketStatus.parse(recordedValues("data_api/status_v2.json")[0]);

    expect([data.serving.lag_seconds, data.computed_at]).toEqual([4, "2026-09-14T10:24:36Z"]);
  });
});
