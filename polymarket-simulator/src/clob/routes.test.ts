import { createHash } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Simulator, startSimulator } from "../index.ts";
import type { BookSummary } from "./book-hash.ts";

const EPOCH = Date.UTC(2026, 10, 20, 12);
let simulator: Simulator;
let nowMs = EPOCH + 60_000;
let pairs: string[][];

beforeAll(async () => {
  simulator = await startSimulator({ epochMs: EPOCH, historyHours: 0, marketCount: 600, now: () => nowMs });
  const markets = (await (await fetch(`${simulator.url}/gamma/markets?limit=100`)).json()) as object[];
  pairs = markets.map((market) => JSON.parse(String(Object(market)["clobTokenIds"])));
});
afterAll(() => simulator.close());

async function books(tokens: string[]): Promise<BookSummary[]> {
  const answer = await post(tokens);
  expect(answer.status).toBe(200);
  return (await answer.json()) as BookSummary[];
}

function post(tokens: string[]): Promise<Response> {
  const body = JSON.stringify(tokens.map((token_id) => ({ token_id })));
  return fetch(`${simulator.url}/clob/books`, { method: "POST", body });
}

function get(path: string): Promise<Response> {
  return fetch(`${simulator.url}/clob${path}`);
}

test("every book's hash is the SHA-1 of the book without it", async () => {
  const all = await books(pairs.flat());

  expect(all.length).toBeGreaterThan(150);
  for (const book of all) {
    const text = JSON.stringify({ ...book, hash: "" });
    expect(createHash("sha1").update(text).digest("hex")).toBe(book.hash);
  }
});

test("levels come worst first, without a gap in order and never crossed", async () => {
  for (const { bids, asks } of await books(pairs.flat())) {
    const bidPrices = bids.map(({ price }) => Number(price));
    const askPrices = asks.map(({ price }) => Number(price));
    expect(bidPrices).toEqual([...new Set(bidPrices)].sort((a, b) => a - b));
    expect(askPrices).toEqual([...new Set(askPrices)].sort((a, b) => b - a));
    if (bids.length > 0 && asks.length > 0) expect(bidPrices.at(-1)).toBeLessThan(askPrices.at(-1) ?? 0);
  }
});

test("the two books of a market mirror each other and share time and last price", async () => {
  for (const [yes = "", no = ""] of pairs.slice(0, 30)) {
    const both = await books([yes, no]);
    const first = both.find((book) => book.asset_id === yes);
    const second = both.find((book) => book.asset_id === no);
    expect(second?.last_trade_price).toBe(first?.last_trade_price);
    expect(second?.timestamp).toBe(first?.timestamp);
    expect(second?.asks.map(({ size }) => size)).toEqual(first?.bids.map(({ size }) => size));
    const sums = first?.bids.map(({ price }, at) => Number(price) + Number(second?.asks[at]?.price));
    for (const sum of sums ?? []) expect(sum).toBeCloseTo(1, 9);
  }
});

test("some books change between two looks and others stay as they are", async () => {
  const before = new Map((await books(pairs.flat())).map((book) => [book.asset_id, book]));
  nowMs += 30_000;
  const after = await books(pairs.flat());
  nowMs -= 30_000;

  const same = after.filter((book) => before.get(book.asset_id)?.hash === book.hash);
  const changed = after.filter((book) => before.get(book.asset_id)?.timestamp !== book.timestamp);
  expect(same.length).toBeGreaterThan(20);
  expect(changed.length).toBeGreaterThan(10);
  expect(same.length + changed.length).toBe(after.length);
});

test("some sides are empty, and some markets never traded", async () => {
  const all = await books(pairs.flat());

  expect(all.some((book) => book.asks.length === 0)).toBe(true);
  expect(all.some((book) => book.last_trade_price === "")).toBe(true);
});

test("leaves out unknown tokens and does not keep the order", async () => {
  const tokens = pairs.flat().slice(0, 40);
  const answered = (await books(["12345", ...tokens])).map((book) => book.asset_id);

  expect([...answered].sort()).toEqual([...tokens].sort());
  expect(answered).not.toEqual(tokens);
});

test("refuses more than 500 ids", async () => {
  expect((await post(Array.from({ length: 501 }, (_, at) => String(at)))).status).toBe(400);
  expect((await post([])).status).toBe(200);
});

test("reads prices off the book: BUY is the best bid, an empty side is 0", async () => {
  const all = await books(pairs.flat());
  const full = all.find((book) => book.bids.length > 0 && book.asks.length > 0);
  const bare = all.find((book) => book.asks.length === 0);
  const read = async (path: string) => (await (await get(path)).json()) as object;

  const [bid, ask] = [full?.bids.at(-1)?.price, full?.asks.at(-1)?.price];
  expect(await read(`/price?token_id=${full?.asset_id}&side=BUY`)).toEqual({ price: bid });
  expect(await read(`/price?token_id=${full?.asset_id}&side=SELL`)).toEqual({ price: ask });
  expect(await read(`/price?token_id=${bare?.asset_id}&side=SELL`)).toEqual({ price: "0" });
  expect(await read(`/midpoint?token_id=${full?.asset_id}`)).toEqual({
    mid: String(Math.round(((Number(bid) + Number(ask)) / 2) * 1e6) / 1e6),
  });
  expect(await read("/time")).toBe(Math.floor(nowMs / 1_000));
});

test("tells unknown tokens from malformed ones", async () => {
  const unknown = await get("/book?token_id=12345");
  const malformed = await get("/book?token_id=abc");

  expect([unknown.status, await unknown.json()]).toEqual([
    404,
    { error: "No orderbook exists for the requested token id" },
  ]);
  expect([malformed.status, await malformed.json()]).toEqual([400, { error: "Invalid token id" }]);
});

test("the truth tells the book of a token at any time", async () => {
  const [token = ""] = pairs[0] ?? [];
  const [book] = await books([token]);
  const answer = await fetch(`${simulator.url}/_truth/books?token_id=${token}&at=${nowMs}`);

  expect(await answer.json()).toEqual(book);
});
