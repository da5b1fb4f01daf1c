import type { ObservedBook } from "@polytape/market-model";
import { aBook, aMarket } from "@polytape/market-model/testing";
import { expect, test } from "vitest";
import { anApi, NOW } from "../../testing/an-api.ts";

const MARKET = aMarket();
const at = (time: string) => Date.parse(`2026-11-22T${time}Z`);

async function anApiWithBooks(...books: Partial<ObservedBook & { previousSeenAtMs: number }>[]) {
  const api = await anApi();
  await api.store.markets.storeMarkets([MARKET], NOW);
  await api.store.books.storeBooks(
    books.map((book) => ({
      ...aBook(),
      observedAtMs: (book.tsMs ?? 0) + 2_000,
      previousSeenAtMs: null,
      ...book,
    })),
  );
  return api;
}

const question = (rest: string) => `/v1/orderbook?market_id=${MARKET.slug}&outcome=Yes${rest}`;

test("answers the newest book, best levels first and counted from 1, with exactly the documented fields", async () => {
  const api = await anApiWithBooks({ tsMs: at("11:00:00") }, { tsMs: at("11:30:00"), hash: "a".repeat(40) });

  const { status, body } = await api.ask(question(""));

  expect(status).toBe(200);
  expect(body).toEqual({
    market_id: MARKET.marketId,
    asset_id: "1001",
    outcome: "Yes",
    ts: "2026-11-22T11:30:00.000Z",
    bids: [
      { level: 1, price: 0.59, size: 100 },
      { level: 2, price: 0.58, size: 50 },
    ],
    asks: [{ level: 1, price: 0.61, size: 80 }],
    hash: "a".repeat(40),
    verified: true,
    source: "snapshot",
    age_ms: 30 * 60_000 - 2_000,
  });
});

test("a book at a moment is the newest at or before it, the moment itself included", async () => {
  const api = await anApiWithBooks({ tsMs: at("11:00:00") }, { tsMs: at("11:30:00") });

  const before = await api.ask(question("&at=2026-11-22T11:29:59.999Z"));
  const exact = await api.ask(question("&at=2026-11-22T11:30:00Z"));

  expect(before.body.ts).toBe("2026-11-22T11:00:00.000Z");
  expect(exact.body).toMatchObject({ ts: "2026-11-22T11:30:00.000Z", age_ms: 0 });
});

test("match=nearest also takes a younger one, whose age is negative", async () => {
  const api = await anApiWithBooks({ tsMs: at("11:00:00") }, { tsMs: at("11:30:00") });

  const { body } = await api.ask(question("&at=2026-11-22T11:29:00Z&match=nearest"));

  expect(body).toMatchObject({ ts: "2026-11-22T11:30:00.000Z", age_ms: -60_000 });
});

test("match=nearest gives the book that was seen to stand at the moment, though a younger one began nearer to it", async () => {
  const next = { tsMs: at("11:30:00"), previousSeenAtMs: at("11:29:50") };
  const api = await anApiWithBooks({ tsMs: at("11:00:00") }, next);

  const { body } = await api.ask(question("&at=2026-11-22T11:20:00Z&match=nearest"));

  expect(body).toMatchObject({ ts: "2026-11-22T11:00:00.000Z", age_ms: 0 });
});

test("side leaves the other side out; an empty side is an empty list", async () => {
  const api = await anApiWithBooks({ tsMs: at("11:00:00"), asks: [] });

  const bids = (await api.ask(question("&side=bid"))).body;
  const asks = (await api.ask(question("&side=ask"))).body;

  expect(bids.bids).toHaveLength(2);
  expect(bids).not.toHaveProperty("asks");
  expect(asks.asks).toEqual([]);
  expect(asks).not.toHaveProperty("bids");
});

test("finds the book of a market that the catalogue lacks by its asset id", async () => {
  const marketId = `0x${"e".repeat(64)}`;
  const api = await anApiWithBooks({ tsMs: at("11:00:00"), marketId, assetId: "55501" });

  const { body } = await api.ask(`/v1/orderbook?market_id=${marketId}&outcome=55501`);

  expect(body).toMatchObject({ asset_id: "55501", outcome: null });
});

// A change is in the checkpoint about a second before a search finds it.
test("a book that changed a moment ago is as old as the last look at which it stood", async () => {
  const old = { tsMs: at("09:00:00"), observedAtMs: at("09:00:02") };
  const api = await anApiWithBooks(old);
  const before = { hash: aBook().hash, tsMs: old.tsMs, observedAtMs: NOW - 12_000 };
  const last = { hash: "b".repeat(40), tsMs: NOW - 5_000, observedAtMs: NOW - 2_000, before };
  await api.store.checkpoints.write("books", { tokens: { "1001": last } }, null);

  const { body } = await api.ask(question(""));

  expect(body).toMatchObject({ ts: "2026-11-22T09:00:00.000Z", age_ms: 12_000 });
});
