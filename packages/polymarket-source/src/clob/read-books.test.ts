import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { json, type LoopbackUpstream, startLoopbackUpstream } from "../testing/loopback-upstream.ts";
import { sourceUnderTest } from "../testing/source-under-test.ts";
import { aWireBook } from "../testing/wire-records.ts";
import type { PolymarketBook } from "../wire/index.ts";
import { bookHash } from "./book-hash.ts";
import { toBook } from "./to-book.ts";

let upstream: LoopbackUpstream;
beforeAll(async () => {
  upstream = await startLoopbackUpstream();
});
afterAll(() => upstream.close());

function hashed(changes: Partial<PolymarketBook> = {}): PolymarketBook {
  const book = aWireBook(changes);
  return { ...book, hash: bookHash(book) };
}

describe("readBooks", () => {
  test("asks for each token once, in batches of 200, and names those without a book", async () => {
    upstream.reply((request, response) => {
      const asked: { token_id: string }[] = JSON.parse(request.body);
      const known = asked.filter(({ token_id }) => token_id !== "17").reverse();
      json(known.map(({ token_id }) => hashed({ asset_id: token_id })))(request, response);
    });
    const { source, now } = sourceUnderTest(upstream.url);
    const tokens = Array.from({ length: 450 }, (_, index) => String(index + 1));

    const answer = await source.readBooks([...tokens, "1", "2"]);

    expect(
      upstream.received.map(({ method, url, body }) => [method, url.pathname, JSON.parse(body).length]),
    ).toEqual([200, 200, 50].map((length) => ["POST", "/books", length]));
    expect(answer.missing).toEqual(["17"]);
    expect(answer.books).toHaveLength(449);
    expect(answer.books.every((book) => book.verified && book.observedAtMs === now())).toBe(true);
    expect(answer.rejected).toEqual([]);
  });

  test("sets aside what it cannot read or did not ask for, and does not call it missing", async () => {
    const unreadable = { ...hashed({ asset_id: "2" }), timestamp: "now" };
    const [first, unasked] = [hashed({ asset_id: "1" }), hashed({ asset_id: "9" })];
    upstream.reply(json([first, unreadable, unasked, first, null]));
    const { source } = sourceUnderTest(upstream.url);

    const answer = await source.readBooks(["1", "2", "3"]);

    expect(answer.books.map((book) => book.assetId)).toEqual(["1"]);
    expect(answer.missing).toEqual(["3"]);
    expect(answer.rejected.map(({ kind, raw }) => [kind, raw])).toEqual(
      [unreadable, unasked, first, null].map((raw) => ["book", raw]),
    );
  });
});

describe("toBook", () => {
  const observedAtMs = 1_790_000_000_500;

  test("gives levels best first in their own text, and says that the hash agrees", () => {
    expect(toBook(hashed(), observedAtMs)).toEqual({
      marketId: `0x${"a1".repeat(32)}`,
      assetId: "1001",
      tsMs: 1_790_000_000_123,
      bids: [
        { price: "0.59", size: "100" },
        { price: "0.58", size: "50" },
      ],
      asks: [
        { price: "0.61", size: "80" },
        { price: "0.65", size: "10" },
      ],
      hash: expect.stringMatching(/^[0-9a-f]{40}$/),
      verified: true,
      tickSize: "0.01",
      minOrderSize: "5",
      negRisk: false,
      lastTradePrice: "0.600",
      observedAtMs,
    });
  });

  test("keeps a book whose hash disagrees, as unverified", () => {
    expect(toBook({ ...hashed(), last_trade_price: "0.610" }, observedAtMs)).toMatchObject({
      verified: false,
    });
    expect(toBook({ ...hashed(), bids: [] }, observedAtMs)).toMatchObject({ verified: false, bids: [] });
  });

  test("takes empty sides and a market that never traded", () => {
    expect(toBook(hashed({ bids: [], asks: [], last_trade_price: "" }), observedAtMs)).toMatchObject({
      verified: true,
      bids: [],
      asks: [],
      lastTradePrice: null,
    });
  });

  test("takes a book that is ahead of our clock by no more than five minutes", () => {
    expect(toBook(hashed({ timestamp: "1790000300500" }), observedAtMs)).toMatchObject({
      tsMs: 1_790_000_300_500,
    });
  });

  test.each([
    ["market", { market: "0x1" }],
    ["asset_id", { asset_id: "" }],
    ["timestamp", { timestamp: "1790000000" }],
    // Every later book would be taken for an older one until that moment comes.
    ["timestamp", { timestamp: "1790000300501" }],
    ["hash", { hash: "" }],
    ["bids", { bids: [{ price: "0.5", size: "0" }] }],
    ["bids", { bids: [{ price: "0", size: "5" }] }],
    ["asks", { asks: [{ price: "1", size: "5" }] }],
    ["asks", { asks: [{ price: "0.5", size: "many" }] }],
    ["asks.0.size", { asks: [{ price: "0.5", size: 5 }] }],
    ["bids", { bids: null }],
  ])("rejects a book for its %s: %o", (field, changes) => {
    expect(toBook({ ...hashed(), ...changes }, observedAtMs)).toMatchObject({
      kind: "book",
      reason: expect.stringContaining(`${field}: `),
    });
  });
});

describe("bookHash", () => {
  // An example worked out by hand from the rule: the SHA-1 of exactly this text.
  test("is the SHA-1 of the compact summary in the venue's order of keys, without absent ones", async () => {
    const { createHash } = await import("node:crypto");
    const summary =
      '{"market":"0xab","asset_id":"7","timestamp":"1","hash":"","bids":[{"price":"0.1","size":"5"}],"asks":[],"tick_size":"0.01","last_trade_price":""}';

    const hash = bookHash({
      last_trade_price: "",
      tick_size: "0.01",
      asks: [],
      bids: [{ size: "5", price: "0.1" }],
      timestamp: "1",
      asset_id: "7",
      market: "0xab",
    });

    expect(hash).toBe(createHash("sha1").update(summary).digest("hex"));
  });
});
