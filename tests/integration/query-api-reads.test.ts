import { foldTrades, MINUTE_MS, numberEqualTrades, type Trade, windowStart } from "@polytape/market-model";
import { aBook, aMarket, aTradeRow } from "@polytape/market-model/testing";
import { type MarketStore, openMarketStore } from "@polytape/market-store";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { z } from "zod";
import { makeStoreCopy, type StoreCopy } from "./market-store-copy.ts";
import { type QueryApiOverStore, queryApiOver } from "./query-api-over.ts";

const MARKET = aMarket();
const START_SECONDS = windowStart(Date.now() - 6 * 3_600_000, 3_600_000) / 1_000;

const page = z.looseObject({
  data: z.array(z.looseObject({ trade_id: z.string(), ts: z.string(), outcome: z.string().nullable() })),
  next_cursor: z.string().nullable(),
});
const markets = z.looseObject({
  data: z.array(z.looseObject({ slug: z.string() })),
  next_cursor: z.string().nullable(),
});

let copy: StoreCopy;
let store: MarketStore;
let api: QueryApiOverStore;
const clock = { nowMs: Date.now() };
const trades = tradesOf(250, START_SECONDS);

beforeAll(async () => {
  copy = await makeStoreCopy(inject("openSearchUrl"));
  store = openMarketStore(copy.settings, { now: () => clock.nowMs });
  await store.markets.storeMarkets(
    Array.from({ length: 12 }, (_, n) =>
      n === 0
        ? MARKET
        : aMarket({
            marketId: `0x${n.toString(16).repeat(64)}`,
            gammaId: String(n),
            slug: `market-${n}`,
            title: `Team ${n}?`,
          }),
    ),
    clock.nowMs,
  );
  await store.trades.createTrades(trades);
  await store.candles.writeCandles(
    [...minutesOf(trades).values()].map((each) => ({ candle: foldTrades(each), rev: 0, replaces: null })),
  );
  await store.books.storeBooks([
    {
      ...aBook({ tsMs: START_SECONDS * 1_000 }),
      observedAtMs: START_SECONDS * 1_000 + 500,
      previousSeenAtMs: null,
    },
  ]);
  await copy.settle();
  clock.nowMs += 3_000;
  api = await queryApiOver(store, () => clock.nowMs);
});

afterAll(async () => {
  await store?.close();
  await copy?.remove();
});

async function ask(path: string): Promise<{ status: number; body: unknown }> {
  const answer = await api.send(path);
  return { status: answer.status, body: await answer.json() };
}

function tradesOf(count: number, startSeconds: number): Trade[] {
  const rows = Array.from({ length: count }, (_, n) =>
    aTradeRow({
      tsSeconds: startSeconds + Math.floor(n / 5),
      assetId: n % 3 === 0 ? "1002" : "1001",
      price: n % 3 === 0 ? 0.4 : 0.6,
      size: n % 7 === 0 ? 12.5 : 3,
    }),
  ).reverse();
  return numberEqualTrades().number(rows, { rowSet: "taker", receivedAtMs: clock.nowMs });
}

function minutesOf(all: readonly Trade[]): Map<string, Trade[]> {
  const groups = new Map<string, Trade[]>();
  for (const trade of all) {
    const name = `${trade.assetId}|${windowStart(trade.tsSeconds * 1_000, MINUTE_MS)}`;
    groups.set(name, [...(groups.get(name) ?? []), trade]);
  }
  return groups;
}

async function readPages(query: string, between: () => Promise<void> = async () => {}) {
  const rows: z.output<typeof page>["data"] = [];
  for (let cursor = ""; ; ) {
    const answer = page.parse((await ask(`/v1/trades?${query}${cursor}`)).body);
    rows.push(...answer.data);
    if (answer.next_cursor === null) return rows;
    cursor = `&cursor=${answer.next_cursor}`;
    await between();
  }
}

test.each(["asc", "desc"])(
  "cursors give all trades once in %s order, equal ones apart, while others arrive",
  async (order) => {
    let arrived = 0;
    const rows = await readPages(`market_id=${MARKET.slug}&sort=ts:${order}&limit=40`, async () => {
      clock.nowMs += 10;
      arrived += 1;
      await store.trades.createTrades(
        tradesOf(3, START_SECONDS + 7).map((trade, n) => ({
          ...trade,
          tradeId: `late-${order}-${arrived}-${n}`,
          tie: arrived * 10 + n,
        })),
      );
      await copy.settle();
    });

    const known = rows.filter(({ trade_id }) => !trade_id.startsWith("late-"));
    expect(arrived).toBeGreaterThan(3);
    expect(rows.filter(({ trade_id }) => trade_id.startsWith(`late-${order}`))).toEqual([]);
    expect(new Set(known.map(({ trade_id }) => trade_id))).toEqual(
      new Set(trades.map(({ tradeId }) => tradeId)),
    );
    expect(known).toHaveLength(trades.length);
    const times = rows.map(({ ts }) => ts);
    expect(times).toEqual(order === "asc" ? [...times].sort() : [...times].sort().reverse());
  },
);

test("an outcome's trades and sums are those of its token", async () => {
  const of = trades.filter(({ assetId }) => assetId === "1002");
  const volume = of.reduce((sum, { size }) => sum + size, 0);

  const end = START_SECONDS + 50;
  const { status, body } = await ask(
    `/v1/trades?market_id=${MARKET.gammaId}&outcome=no&from=${START_SECONDS + 20}&to=${end}&limit=1&aggregates=volume,vwap,n`,
  );

  const inRange = of.filter(({ tsSeconds }) => tsSeconds >= START_SECONDS + 20 && tsSeconds < end);
  expect(status).toBe(200);
  expect(page.parse(body).data[0]?.outcome).toBe("No");
  expect(body).toMatchObject({
    aggregates: { n: inRange.length, volume: inRange.reduce((sum, { size }) => sum + size, 0) },
  });
  expect(volume).toBeGreaterThan(0);
});

test("candles, books, status and coverage are read from the real store", async () => {
  const from = START_SECONDS * 1_000;
  const candles = await ask(
    `/v1/candles?market_id=${MARKET.slug}&outcome=Yes&interval=1m&from=${from}&to=${from + 120_000}`,
  );
  const book = await ask(`/v1/orderbook?market_id=${MARKET.marketId}&outcome=0`);
  const early = await ask(`/v1/orderbook?market_id=${MARKET.marketId}&outcome=0&at=${from - 1}`);
  const status = await ask("/v1/status");
  const coverage = await ask("/v1/coverage");

  const yes = trades.filter(({ assetId }) => assetId === "1001");
  expect(candles.body).toMatchObject({
    candles: [
      { n: yes.length, observed: true },
      { observed: false, n: null },
    ],
  });
  expect(book.body).toMatchObject({
    bids: [{ level: 1, price: 0.59, size: 100 }, { level: 2 }],
    verified: true,
  });
  expect(early.status).toBe(404);
  expect(status.body).toMatchObject({
    streams: [
      { stream: "trades", newest_ts: expect.any(String), ingest_lag_ms: expect.any(Number) },
      { stream: "books" },
      { stream: "markets", newest_ingested_at: expect.any(String), ingest_lag_ms: expect.any(Number) },
    ],
  });
  expect([coverage.status, coverage.body]).toMatchObject([200, { totals: [{ complete: null }, {}, {}] }]);
});

test("markets come by words, and every one once by cursors", async () => {
  const seen: string[] = [];
  for (let cursor = ""; ; ) {
    const answer = markets.parse((await ask(`/v1/markets?limit=5${cursor}`)).body);
    seen.push(...answer.data.map(({ slug }) => slug));
    if (answer.next_cursor === null) break;
    cursor = `&cursor=${answer.next_cursor}`;
  }
  const rain = markets.parse((await ask("/v1/markets?q=rain%20tomorrow")).body);

  expect(seen).toHaveLength(12);
  expect(new Set(seen).size).toBe(12);
  expect(rain.data.map(({ slug }) => slug)).toEqual([MARKET.slug]);
});

test.each([
  "q=%22%20AND%20(*)%20%5B",
  "q=a%3Ab%20OR%20c*%20%7E%2F",
  `q=${"rain%20".repeat(25)}`,
  "from=0&to=253402300799999",
  "page=100&limit=100",
  "category=no-such-topic",
])("the store takes every question that passes: /v1/markets?%s", async (query) => {
  expect((await ask(`/v1/markets?${query}`)).status).toBe(200);
});

test.each([
  "from=0&to=253402300799999",
  "to=1",
  "from=253402300799000",
  "page=10&limit=1000",
  "sort=ts:asc&limit=1000",
])("the store takes every question that passes: /v1/trades?%s", async (query) => {
  expect((await ask(`/v1/trades?${query}`)).status).toBe(200);
});
