import { buildCandles } from "@polytape/build-candles/build-candles.ts";
import {
  CANDLE_INTERVALS,
  type CandleInterval,
  HOUR_MS,
  MINUTE_MS,
  numberEqualTrades,
  SECOND_MS,
  type TradeRow,
  toRfc3339,
  windowStart,
} from "@polytape/market-model";
import { aMarket, aTradeRow } from "@polytape/market-model/testing";
import { type MarketStore, openMarketStore } from "@polytape/market-store";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { z } from "zod";
import { makeStoreCopy, type StoreCopy } from "./market-store-copy.ts";
import { type QueryApiOverStore, queryApiOver } from "./query-api-over.ts";

/**
 * Candles and sums against numbers that were worked out by hand: rows go through the real store and the real job,
 * and nothing that is expected here was computed by what is tested. Times are minutes and seconds of one hour H.
 */
const MARKET = aMarket();
const OTHER_MARKET_ID = `0x${"d4".repeat(32)}`;
const H = windowStart(Date.now() - 6 * HOUR_MS, HOUR_MS);
const SETTLE_MS = 10 * MINUTE_MS;

const YES = "1001";
const TAPE: readonly (Partial<TradeRow> & { at: number })[] = [
  // Ten minutes before H: the price that stands when H begins.
  { at: -600, assetId: YES, side: "buy", size: 1, price: 0.42 },
  // Minute 0: 10 × 0.60 = 6, 5 × 0.70 = 3.5, 20 × 0.50 = 10.
  { at: 5, assetId: YES, side: "buy", size: 10, price: 0.6 },
  { at: 20, assetId: YES, side: "sell", size: 5, price: 0.7 },
  { at: 59, assetId: YES, side: "buy", size: 20, price: 0.5 },
  // Minute 2: 0.1 × 0.1 = 0.01, 0.2 × 0.7 = 0.14, 33.333333 × 0.333 = 11.099999889, in millionths 11.1.
  { at: 120, assetId: YES, side: "buy", size: 0.1, price: 0.1 },
  { at: 150, assetId: YES, side: "buy", size: 0.2, price: 0.7 },
  { at: 151, assetId: YES, side: "sell", size: 33.333333, price: 0.333 },
  // Minute 5: 4 × 0.25 = 1.
  { at: 310, assetId: YES, side: "sell", size: 4, price: 0.25 },
  // The other outcome, 1000 × 0.4 = 400, and another market, 7 × 0.5 = 3.5, in the midst of it.
  { at: 10, assetId: "1002", side: "buy", size: 1_000, price: 0.4 },
  { at: 10, marketId: OTHER_MARKET_ID, assetId: "77001", side: "buy", size: 7, price: 0.5 },
];

let copy: StoreCopy;
let store: MarketStore;
let api: QueryApiOverStore;
const clock = { nowMs: H + 5 * HOUR_MS };

beforeAll(async () => {
  copy = await makeStoreCopy(inject("openSearchUrl"));
  store = openMarketStore(copy.settings, { now: () => clock.nowMs });
  api = await queryApiOver(store, () => clock.nowMs);
  await store.markets.storeMarkets([MARKET], H);
  await storeAndBuild(TAPE);
  const entry = { stream: "trades", marketId: null, assetId: null, evidence: {} } as const;
  const complete = { ...entry, state: "complete", cause: null } as const;
  await store.coverage.recordIntervals([
    { ...complete, fromMs: H - HOUR_MS, toMs: H + 195 * SECOND_MS },
    {
      ...entry,
      state: "missing",
      cause: "collector_down",
      fromMs: H + 195 * SECOND_MS,
      toMs: H + 225 * SECOND_MS,
    },
    { ...complete, fromMs: H + 225 * SECOND_MS, toMs: H + HOUR_MS },
  ]);
  await forgetAndSettle();
});

afterAll(async () => {
  await store?.close();
  await copy?.remove();
});

/** Everything is searchable, and the service asks the ledger anew. */
async function forgetAndSettle(): Promise<void> {
  await copy.settle();
  clock.nowMs += 10 * SECOND_MS;
}

async function storeRows(rows: typeof TAPE) {
  const newestFirst = rows
    .map(({ at, ...row }) => aTradeRow({ ...row, tsSeconds: H / SECOND_MS + at }))
    .sort((a, b) => b.tsSeconds - a.tsSeconds);
  const trades = numberEqualTrades().number(newestFirst, { rowSet: "taker", receivedAtMs: clock.nowMs });
  await store.trades.createTrades(trades);
  return trades;
}

async function build(trades: Awaited<ReturnType<typeof storeRows>>, nowMs = clock.nowMs): Promise<void> {
  const windows = trades.map(({ marketId, assetId, tsSeconds }) => ({
    market_id: marketId,
    asset_id: assetId,
    minutes_ms: [windowStart(tsSeconds * SECOND_MS, MINUTE_MS)],
  }));
  const signal = new AbortController().signal;
  const deps = { store, intervals: CANDLE_INTERVALS, settleMs: SETTLE_MS, now: () => nowMs, signal };
  await buildCandles(deps, [{ windows }]);
}

async function storeAndBuild(rows: typeof TAPE, nowMs?: number): Promise<void> {
  await build(await storeRows(rows), nowMs);
}

const series = z.looseObject({
  candles: z.array(z.looseObject({ open_time: z.string() })),
  coverage: z.looseObject({ complete: z.boolean().nullable(), gaps: z.array(z.unknown()) }),
});

async function candles(interval: CandleInterval, fromSeconds: number, toSeconds: number) {
  const range = `from=${H + fromSeconds * SECOND_MS}&to=${H + toSeconds * SECOND_MS}`;
  const answer = await api.send(
    `/v1/candles?market_id=${MARKET.slug}&outcome=Yes&interval=${interval}&${range}`,
  );
  expect(answer.status).toBe(200);
  return series.parse(await answer.json());
}

async function sums(question: string, names = "volume,vwap,notional,n") {
  const answer = await api.send(`/v1/trades?limit=2&aggregates=${names}&${question}`);
  expect(answer.status).toBe(200);
  return z.looseObject({ data: z.array(z.unknown()), aggregates: z.unknown() }).parse(await answer.json());
}

const open_time = (seconds: number) => toRfc3339(H + seconds * SECOND_MS);
const flat = (price: number | null) => ({ open: price, high: price, low: price, close: price });
const quiet = (seconds: number, price: number | null) => ({
  open_time: open_time(seconds),
  ...flat(price),
  ...{ volume: 0, notional: 0, vwap: null, n: 0, buy_volume: 0, sell_volume: 0 },
  ...{ observed: true, final: true, rev: null },
});

test("six minutes: trades, quiet, awkward decimals, a gap, quiet after a gap, trades", async () => {
  const { candles: found, coverage } = await candles("1m", 0, 360);

  expect(found).toEqual([
    {
      open_time: open_time(0),
      ...{ open: 0.6, high: 0.7, low: 0.5, close: 0.5 },
      // 10 + 5 + 20; 6 + 3.5 + 10; bought 10 + 20.
      ...{ volume: 35, notional: 19.5, vwap: 19.5 / 35, n: 3, buy_volume: 30, sell_volume: 5 },
      ...{ observed: true, final: true, rev: 0 },
    },
    quiet(60, 0.5),
    {
      open_time: open_time(120),
      ...{ open: 0.1, high: 0.7, low: 0.1, close: 0.333 },
      // 0.1 + 0.2 + 33.333333, and 0.1 + 0.2 is 0.3, not 0.30000000000000004; 0.01 + 0.14 + 11.1.
      ...{ volume: 33.633333, notional: 11.25, vwap: 11_250_000 / 33_633_333, n: 3 },
      ...{ buy_volume: 0.3, sell_volume: 33.333333 },
      ...{ observed: true, final: true, rev: 0 },
    },
    {
      open_time: open_time(180),
      ...flat(null),
      ...{ volume: null, notional: null, vwap: null, n: null, buy_volume: null, sell_volume: null },
      ...{ observed: false, final: false, rev: null },
    },
    quiet(240, null),
    {
      open_time: open_time(300),
      ...flat(0.25),
      ...{ volume: 4, notional: 1, vwap: 0.25, n: 1, buy_volume: 0, sell_volume: 4 },
      ...{ observed: true, final: true, rev: 0 },
    },
  ]);
  expect(coverage).toMatchObject({
    complete: false,
    gaps: [{ from: open_time(195), to: open_time(225), state: "missing", cause: "collector_down" }],
  });
});

test("five minutes hold the trades of their minutes; a gap of half a minute takes the first one its finality", async () => {
  const { candles: found } = await candles("5m", 0, 600);

  expect(found).toEqual([
    {
      open_time: open_time(0),
      ...{ open: 0.6, high: 0.7, low: 0.1, close: 0.333 },
      // 35 + 33.633333; 19.5 + 11.25; bought 30 + 0.3, sold 5 + 33.333333.
      ...{ volume: 68.633333, notional: 30.75, vwap: 30_750_000 / 68_633_333, n: 6 },
      ...{ buy_volume: 30.3, sell_volume: 38.333333 },
      ...{ observed: true, final: false, rev: 0 },
    },
    {
      open_time: open_time(300),
      ...flat(0.25),
      ...{ volume: 4, notional: 1, vwap: 0.25, n: 1, buy_volume: 0, sell_volume: 4 },
      ...{ observed: true, final: true, rev: 0 },
    },
  ]);
});

test("an hour, and the hour before it, of which one trade is known", async () => {
  const { candles: found } = await candles("1h", -3_600, 3_600);

  expect(found).toMatchObject([
    { open_time: open_time(-3_600), ...flat(0.42), volume: 1, notional: 0.42, vwap: 0.42, n: 1, final: true },
    {
      open_time: open_time(0),
      ...{ open: 0.6, high: 0.7, low: 0.1, close: 0.25 },
      // 68.633333 + 4; 30.75 + 1; sold 38.333333 + 4.
      ...{ volume: 72.633333, notional: 31.75, vwap: 31_750_000 / 72_633_333, n: 7 },
      ...{ buy_volume: 30.3, sell_volume: 42.333333, observed: true, final: false },
    },
  ]);
});

test("a question that begins and ends within windows gets those that open in it, whole", async () => {
  const { candles: found } = await candles("1m", 30, 150);

  // Minute 0 opened before it; minute 2 opens in it, and two of its trades lie after its end.
  expect(found).toMatchObject([
    { open_time: open_time(60), close: 0.5, volume: 0 },
    { open_time: open_time(120), n: 3, volume: 33.633333 },
  ]);
  expect(found).toHaveLength(2);
});

test("the close before the question stands in quiet windows, over ten proven minutes", async () => {
  const { candles: found } = await candles("1m", -120, 60);

  expect(found).toMatchObject([quiet(-120, 0.42), quiet(-60, 0.42), { open: 0.6, n: 3 }]);
});

test("after a gap no close is carried, however long the quiet lasts; after the next trade it is", async () => {
  const { candles: found } = await candles("1m", 240, 540);

  expect(found.map(({ close, n }) => [close, n])).toEqual([
    [null, 0],
    [0.25, 1],
    [0.25, 0],
    [0.25, 0],
    [0.25, 0],
  ]);
  // Asked by itself, the minute after the gap knows no more: the price before the gap may have changed in it.
  expect((await candles("1m", 240, 300)).candles).toEqual([quiet(240, null)]);
});

const HOUR = `from=${H}&to=${H + HOUR_MS}`;

test.each([
  // 10 + 5 + 20 + 0.1 + 0.2 + 33.333333 + 4; 6 + 3.5 + 10 + 0.01 + 0.14 + 11.1 + 1.
  ["an outcome's hour", `market_id=${MARKET.slug}&outcome=Yes&${HOUR}`, 72.633333, 31.75, 7],
  // 10 + 20 + 0.1 + 0.2; 6 + 10 + 0.01 + 0.14.
  ["what was bought", `market_id=${MARKET.slug}&outcome=Yes&side=buy&${HOUR}`, 30.3, 16.15, 4],
  // 5 + 33.333333 + 4; 3.5 + 11.1 + 1.
  ["what was sold", `market_id=${MARKET.slug}&outcome=Yes&side=sell&${HOUR}`, 42.333333, 15.6, 3],
  // From 0:20, included, to 2:30, excluded: 5 + 20 + 0.1; 3.5 + 10 + 0.01.
  [
    "a range whose ends are trades",
    `market_id=${MARKET.slug}&outcome=Yes&from=${H + 20_000}&to=${H + 150_000}`,
    25.1,
    13.51,
    3,
  ],
])(
  "the sums of %s are of the whole question, not of its page of two",
  async (_what, question, volume, notional, n) => {
    const { data, aggregates } = await sums(question);

    expect(data).toHaveLength(2);
    expect(aggregates).toEqual({ volume, notional, n, vwap: millionths(notional) / millionths(volume) });
  },
);

test.each([
  // Both outcomes: 1000 more; 400 more.
  ["a market's hour", `market_id=${MARKET.slug}&${HOUR}`, 1_072.633333, 431.75, 8],
  // And the other market: 7 more; 3.5 more.
  ["all markets' hour", HOUR, 1_079.633333, 435.25, 9],
])(
  "%s is the sum of its outcomes, which have no price together",
  async (_what, question, volume, notional, n) => {
    const { aggregates } = await sums(question, "volume,notional,n");
    const priced = await api.send(`/v1/trades?aggregates=vwap&${question}`);

    expect(aggregates).toEqual({ volume, notional, n });
    expect(priced.status).toBe(400);
  },
);

/** The price is one division of two whole numbers. */
function millionths(amount: number): number {
  return Math.round(amount * 1_000_000);
}

// Changes the tape: stands last.
test("a late trade makes its candle wait, then revises it and everything that holds it", async () => {
  // 2 × 0.9 = 1.8, in minute 0, hours after it settled.
  const late = await storeRows([{ at: 40, assetId: YES, side: "sell", size: 2, price: 0.9 }]);
  await forgetAndSettle();

  const waiting = await candles("1m", 0, 120);
  const summed = await sums(`market_id=${MARKET.slug}&outcome=Yes&${HOUR}`);

  expect(waiting.candles).toMatchObject([
    { n: 3, volume: 35, observed: true, final: false, rev: 0 },
    { close: null, volume: 0, n: 0 },
  ]);
  expect(waiting.coverage).toMatchObject({
    complete: false,
    gaps: [{ from: open_time(0), to: open_time(60), cause: "candles_pending" }],
  });
  // 72.633333 + 2; 31.75 + 1.8.
  expect(summed.aggregates).toMatchObject({ volume: 74.633333, notional: 33.55, n: 8 });

  await build(late);
  await forgetAndSettle();

  const { candles: minutes, coverage } = await candles("1m", 0, 120);
  expect(minutes).toEqual([
    {
      open_time: open_time(0),
      ...{ open: 0.6, high: 0.9, low: 0.5, close: 0.5 },
      // 35 + 2; 19.5 + 1.8; sold 5 + 2.
      ...{ volume: 37, notional: 21.3, vwap: 21_300_000 / 37_000_000, n: 4, buy_volume: 30, sell_volume: 7 },
      ...{ observed: true, final: true, rev: 1 },
    },
    quiet(60, 0.5),
  ]);
  expect(coverage.complete).toBe(true);
  expect((await candles("5m", 0, 600)).candles).toMatchObject([
    { high: 0.9, volume: 70.633333, notional: 32.55, n: 7, sell_volume: 40.333333, final: false, rev: 1 },
    { volume: 4, rev: 0 },
  ]);
  expect((await candles("1h", 0, 3_600)).candles).toMatchObject([
    { high: 0.9, close: 0.25, volume: 74.633333, notional: 33.55, n: 8, rev: 1 },
  ]);
});

test("a late trade before the window has settled raises no revision; the first one of a quiet window neither", async () => {
  // Minute 10 and 11: 3 × 0.5 = 1.5 as it happens; 1 × 0.5 a minute later; 2 × 0.25 hours later, in minute 11.
  await storeAndBuild([{ at: 605, assetId: YES, side: "buy", size: 3, price: 0.5 }], H + 11 * MINUTE_MS);
  await storeAndBuild([{ at: 650, assetId: YES, side: "sell", size: 1, price: 0.5 }], H + 12 * MINUTE_MS);
  await storeAndBuild([{ at: 700, assetId: YES, side: "sell", size: 2, price: 0.25 }]);
  await forgetAndSettle();

  expect((await candles("1m", 600, 720)).candles).toMatchObject([
    { volume: 4, notional: 2, vwap: 0.5, n: 2, final: true, rev: 0 },
    { volume: 2, notional: 0.5, vwap: 0.25, n: 1, final: true, rev: 0 },
  ]);
});
