import { SECOND_MS, type TradeRow } from "@polytape/market-model";
import { aMarket } from "@polytape/market-model/testing";
import { expect, test } from "vitest";
import { anApi, NOW } from "../../testing/an-api.ts";
import { tradesOf } from "../../testing/store-trades.ts";

const MARKET = aMarket();
const OTHER_MARKET_ID = `0x${"d4".repeat(32)}`;
const START = NOW / SECOND_MS - 3_600;

async function anApiWith(rows: readonly Partial<TradeRow>[]) {
  const api = await anApi();
  await api.store.markets.storeMarkets([MARKET], NOW - 10_000);
  await api.store.trades.createTrades(tradesOf(rows));
  api.clock.nowMs = NOW + 10_000;
  return api;
}

test("answers a trade with its outcome from the catalogue and exactly the documented fields", async () => {
  const api = await anApiWith([{ assetId: "1002", price: 0.37, size: 12.5, side: "sell", tsSeconds: START }]);

  const { status, body } = await api.ask("/v1/trades");

  expect(status).toBe(200);
  expect(body.data).toEqual([
    {
      trade_id: expect.stringMatching(/^[\w-]{22}$/),
      market_id: MARKET.marketId,
      asset_id: "1002",
      outcome: "No",
      outcome_index: 1,
      ts: "2026-11-22T11:00:00.000Z",
      side: "sell",
      price: 0.37,
      size: 12.5,
      notional: 4.625,
      transaction_hash: `0x${"c3".repeat(32)}`,
      wallet: `0x${"b2".repeat(20)}`,
    },
  ]);
  expect(body).toMatchObject({ page: 1, limit: 100, next_cursor: null, truncated_by: null });
});

test("keeps trades that are equal in every field apart", async () => {
  const api = await anApiWith([{}, {}, {}]);

  const { body } = await api.ask("/v1/trades");

  expect(body.data).toHaveLength(3);
  expect(new Set(body.data.map((trade: { trade_id: string }) => trade.trade_id)).size).toBe(3);
});

test.each([
  ["condition id", MARKET.marketId],
  ["condition id in upper case", MARKET.marketId.toUpperCase().replace("0X", "0x")],
  ["Gamma id", MARKET.gammaId],
  ["slug", MARKET.slug],
])("takes a market by %s", async (_name, id) => {
  const api = await anApiWith([{}, { marketId: OTHER_MARKET_ID, assetId: "77" }]);

  const { body } = await api.ask(`/v1/trades?market_id=${id}`);

  expect(body.data).toHaveLength(1);
  expect(body.data[0].market_id).toBe(MARKET.marketId);
});

test.each([
  ["name", "No"],
  ["name in another case", "nO"],
  ["index", "1"],
  ["asset id", "1002"],
])("takes an outcome by %s", async (_name, outcome) => {
  const api = await anApiWith([{ assetId: "1001" }, { assetId: "1002" }]);

  const { body } = await api.ask(`/v1/trades?market_id=${MARKET.slug}&outcome=${outcome}`);

  expect(body.data.map((trade: { asset_id: string }) => trade.asset_id)).toEqual(["1002"]);
});

test("shows trades of a market that the catalogue lacks, with nulls for what it would know", async () => {
  const api = await anApiWith([{ marketId: OTHER_MARKET_ID, assetId: "77001" }]);

  const { body } = await api.ask(`/v1/trades?market_id=${OTHER_MARKET_ID}&outcome=77001`);

  expect(body.data).toMatchObject([{ asset_id: "77001", outcome: null, outcome_index: null }]);
});

test("includes from and excludes to, whatever the spelling of the moment", async () => {
  const api = await anApiWith([0, 1, 2, 3].map((second) => ({ tsSeconds: START + second })));

  for (const [from, to] of [
    [START + 1, START + 3],
    [(START + 1) * 1_000, (START + 3) * 1_000],
    ["2026-11-22T11:00:01Z", "2026-11-22T12:00:03.000%2B01:00"],
  ]) {
    const { body } = await api.ask(`/v1/trades?from=${from}&to=${to}&sort=ts:asc`);
    expect(body.data.map((trade: { ts: string }) => trade.ts)).toEqual([
      "2026-11-22T11:00:01.000Z",
      "2026-11-22T11:00:02.000Z",
    ]);
  }
});

test("filters by the taker's side", async () => {
  const api = await anApiWith([{ side: "buy" }, { side: "sell" }]);

  const { body } = await api.ask("/v1/trades?side=sell");

  expect(body.data.map((trade: { side: string }) => trade.side)).toEqual(["sell"]);
});

test.each(["asc", "desc"])(
  "cursors give every row once in %s order while new trades arrive",
  async (order) => {
    const rows = Array.from({ length: 25 }, (_, n) => ({ tsSeconds: START + Math.floor(n / 4) }));
    const api = await anApiWith(rows);
    const whole = (await api.ask(`/v1/trades?sort=ts:${order}`)).body.data;

    const seen: unknown[] = [];
    let cursor = "";
    do {
      const { body } = await api.ask(`/v1/trades?sort=ts:${order}&limit=4${cursor}`);
      seen.push(...body.data);
      cursor = body.next_cursor && `&cursor=${body.next_cursor}`;
      await api.store.trades.createTrades(tradesOf([{ tsSeconds: START + 3, wallet: `0x${seen.length}` }]));
      api.clock.nowMs += 5_000;
    } while (cursor);

    expect(seen).toEqual(whole);
  },
);

test("leaves out what may not be searchable yet, and shows it two seconds later", async () => {
  const api = await anApi();
  await api.store.trades.createTrades(tradesOf([{}]));

  expect((await api.ask("/v1/trades")).body.data).toHaveLength(0);
  api.clock.nowMs += 2_000;
  expect((await api.ask("/v1/trades")).body.data).toHaveLength(1);
});

test("pages and cursors can be mixed: a numbered page says where the next one starts", async () => {
  const api = await anApiWith(Array.from({ length: 6 }, (_, n) => ({ tsSeconds: START + n })));

  const second = (await api.ask("/v1/trades?limit=2&page=2")).body;
  const third = (await api.ask(`/v1/trades?limit=2&cursor=${second.next_cursor}`)).body;

  expect(second.page).toBe(2);
  expect(third.page).toBeNull();
  expect(third.data).toEqual((await api.ask("/v1/trades?limit=2&page=3")).body.data);
});

test("adds up the whole question, not the page", async () => {
  const api = await anApiWith([
    { price: 0.5, size: 10, tsSeconds: START },
    { price: 0.6, size: 30, tsSeconds: START + 1 },
    { assetId: "1002", price: 0.1, size: 1000, tsSeconds: START + 2 },
  ]);

  const { body } = await api.ask(
    `/v1/trades?market_id=${MARKET.slug}&outcome=Yes&limit=1&aggregates=volume,vwap,n,notional`,
  );

  expect(body.data).toHaveLength(1);
  expect(body.aggregates).toEqual({ volume: 40, vwap: 0.575, n: 2, notional: 23 });
});

test("adds up the shares of all outcomes, which is no price", async () => {
  const api = await anApiWith([
    { assetId: "1001", price: 0.9, size: 10 },
    { assetId: "1002", price: 0.1, size: 10 },
  ]);

  const { body } = await api.ask(`/v1/trades?market_id=${MARKET.slug}&aggregates=volume,notional,n`);

  expect(body.aggregates).toEqual({ volume: 20, notional: 10, n: 2 });
});

// A maker row repeats a fill that its taker row tells already: counted by default, volume would double.
test("shows maker rows only when asked, and never adds them up", async () => {
  const api = await anApiWith([{ size: 10, tsSeconds: START }]);
  const makers = tradesOf([
    { size: 4, tsSeconds: START },
    { size: 6, tsSeconds: START },
  ]);
  await api.store.trades.createTrades(makers.map((trade) => ({ ...trade, rowSet: "all" as const })));
  api.clock.nowMs += 10_000;

  const byDefault = await api.ask(`/v1/trades?market_id=${MARKET.slug}&aggregates=volume`);
  const withMakers = await api.ask(`/v1/trades?market_id=${MARKET.slug}&row_set=all&aggregates=volume`);

  expect(byDefault.body.data).toHaveLength(1);
  expect(withMakers.body.data).toHaveLength(3);
  expect(withMakers.body.aggregates).toEqual(byDefault.body.aggregates);
});

test("answers only the sums that were asked for, and no price where nothing was traded", async () => {
  const api = await anApiWith([]);

  const { body } = await api.ask(`/v1/trades?market_id=${MARKET.slug}&outcome=Yes&aggregates=volume,vwap`);

  expect(body.aggregates).toEqual({ volume: 0, vwap: null });
});

test("says that completeness is not known where the ledger is silent", async () => {
  const api = await anApiWith([{}]);

  const { body } = await api.ask("/v1/trades?from=2026-11-22T10:00:00Z&to=2026-11-22T11:30:00Z");

  expect(body.coverage).toEqual({
    complete: null,
    from: "2026-11-22T10:00:00.000Z",
    to: "2026-11-22T11:30:00.000Z",
    gaps_total: 1,
    gaps: [
      { from: "2026-11-22T10:00:00.000Z", to: "2026-11-22T11:30:00.000Z", state: "unknown", cause: null },
    ],
  });
});

test("empty and complete means that there was nothing", async () => {
  const api = await anApiWith([]);
  await api.store.coverage.recordIntervals([
    {
      stream: "trades",
      marketId: null,
      assetId: null,
      fromMs: NOW - 7_200_000,
      toMs: NOW,
      state: "complete",
      cause: null,
      evidence: {},
    },
  ]);

  const { body } = await api.ask("/v1/trades?from=2026-11-22T10:30:00Z&to=2026-11-22T11:30:00Z");

  expect(body).toMatchObject({ data: [], coverage: { complete: true, gaps: [] } });
});

test("says when the question reaches past what is kept", async () => {
  const api = await anApiWith([]);

  const { body } = await api.ask("/v1/trades?from=2026-01-01T00:00:00Z");

  expect(body).toMatchObject({ truncated_by: "retention", retention_from: "2026-08-24T00:00:00.000Z" });
});

test.each([
  ["2025-01-01T00:00:00Z", "retention"],
  ["2026-08-24T00:00:00Z", "retention"],
  ["2026-08-24T00:00:01Z", null],
])("of a question up to %s alone says truncated_by %s", async (to, truncatedBy) => {
  const api = await anApiWith([]);

  expect((await api.ask(`/v1/trades?to=${to}`)).body.truncated_by).toBe(truncatedBy);
});
