import { aMarket } from "@polytape/market-model/testing";
import { expect, test } from "vitest";
import { anApiWithCandles } from "../../testing/an-api-with-candles.ts";
import { recordCoverage } from "../../testing/record-coverage.ts";

const MARKET = aMarket();
const at = (time: string) => Date.parse(`2026-11-22T${time}Z`) / 1_000;

const question = (rest: string) => `/v1/candles?market_id=${MARKET.slug}&outcome=Yes&${rest}`;

test("a candle of trades that were added up by hand", async () => {
  const api = await anApiWithCandles([
    { tsSeconds: at("11:00:05"), price: 0.6, size: 10, side: "buy" },
    { tsSeconds: at("11:00:10"), price: 0.7, size: 5, side: "sell" },
    { tsSeconds: at("11:00:59"), price: 0.5, size: 20, side: "buy" },
  ]);

  await recordCoverage(api.store, "2026-11-22T11:00:00Z", "2026-11-22T11:01:00Z");

  const { status, body } = await api.ask(
    question("interval=1m&from=2026-11-22T11:00:00Z&to=2026-11-22T11:01:00Z"),
  );

  expect(status).toBe(200);
  expect(body).toMatchObject({
    market_id: MARKET.marketId,
    asset_id: "1001",
    outcome: "Yes",
    interval: "1m",
  });
  expect(body.candles).toEqual([
    {
      open_time: "2026-11-22T11:00:00.000Z",
      open: 0.6,
      high: 0.7,
      low: 0.5,
      close: 0.5,
      volume: 35,
      notional: 19.5,
      vwap: 19.5 / 35,
      n: 3,
      buy_volume: 30,
      sell_volume: 5,
      observed: true,
      final: true,
      rev: 0,
    },
  ]);
});

test("windows without trades are unobserved while the ledger is silent: no value is invented", async () => {
  const api = await anApiWithCandles([{ tsSeconds: at("11:01:00") }]);

  const { body } = await api.ask(question("interval=1m&from=2026-11-22T11:00:00Z&to=2026-11-22T11:03:00Z"));

  expect(body.candles.map((candle: { observed: boolean }) => candle.observed)).toEqual([false, true, false]);
  expect(body.candles[2]).toEqual({
    open_time: "2026-11-22T11:02:00.000Z",
    open: null,
    high: null,
    low: null,
    close: null,
    volume: null,
    notional: null,
    vwap: null,
    n: null,
    buy_volume: null,
    sell_volume: null,
    observed: false,
    final: false,
    rev: null,
  });
  expect(body.coverage.complete).toBeNull();
});

test("a window that is proven quiet is flat at the close before it, also when that lies before the question", async () => {
  const api = await anApiWithCandles([
    { tsSeconds: at("10:58:30"), price: 0.42 },
    { tsSeconds: at("11:01:00"), price: 0.55 },
  ]);
  await recordCoverage(api.store, "2026-11-22T10:00:00Z", "2026-11-22T11:30:00Z");

  const { body } = await api.ask(question("interval=1m&from=2026-11-22T11:00:00Z&to=2026-11-22T11:03:00Z"));

  const closes = body.candles.map((candle: { close: number; volume: number; n: number; final: boolean }) => [
    candle.close,
    candle.volume,
    candle.n,
    candle.final,
  ]);
  expect(closes).toEqual([
    [0.42, 0, 0, true],
    [0.55, 10, 1, true],
    [0.55, 0, 0, true],
  ]);
  expect(body.coverage).toMatchObject({ complete: true, gaps: [] });
});

test("no price is carried over a gap: a quiet window after one has volume 0 and no price", async () => {
  const api = await anApiWithCandles([{ tsSeconds: at("11:00:30"), price: 0.42 }]);
  await recordCoverage(api.store, "2026-11-22T10:59:00Z", "2026-11-22T11:01:00Z");
  await recordCoverage(api.store, "2026-11-22T11:02:00Z", "2026-11-22T11:03:00Z");

  const { body } = await api.ask(question("interval=1m&from=2026-11-22T11:00:00Z&to=2026-11-22T11:03:00Z"));

  expect(body.candles).toMatchObject([
    { close: 0.42, observed: true },
    { close: null, volume: null, observed: false },
    { close: null, volume: 0, n: 0, observed: true },
  ]);
});

test("a window that may still get late rows, lacks some, or of which nothing is proven, is not final", async () => {
  const api = await anApiWithCandles([
    { tsSeconds: at("11:00:30") },
    { tsSeconds: at("11:30:00") },
    { tsSeconds: at("11:55:00") },
  ]);
  const lacking = { state: "missing", cause: "collector_down" } as const;
  await recordCoverage(api.store, "2026-11-22T11:00:10Z", "2026-11-22T11:00:20Z", lacking);

  const { body } = await api.ask(question("interval=1m&from=2026-11-22T11:00:00Z"));

  const finals = new Map(
    body.candles.map((candle: { open_time: string; final: boolean }) => [candle.open_time, candle.final]),
  );
  expect(finals.get("2026-11-22T11:00:00.000Z")).toBe(false);
  expect(finals.get("2026-11-22T11:30:00.000Z")).toBe(false);
  expect(finals.get("2026-11-22T11:55:00.000Z")).toBe(false);
  expect(body.coverage.complete).toBe(false);
});

test.each([
  ["1m", "2026-11-22T11:00:01Z", "2026-11-22T11:04:00Z", ["11:01", "11:02", "11:03"]],
  ["5m", "2026-11-22T10:58:00Z", "2026-11-22T11:05:01Z", ["11:00", "11:05"]],
  ["1h", "2026-11-22T09:00:00Z", "2026-11-22T11:00:00Z", ["09:00", "10:00"]],
])("%s windows are aligned and open in [from, to)", async (interval, from, to, opens) => {
  const api = await anApiWithCandles([]);

  const { body } = await api.ask(question(`interval=${interval}&from=${from}&to=${to}`));

  expect(body.candles.map((candle: { open_time: string }) => candle.open_time.slice(11, 16))).toEqual(opens);
});

test("ends with the window that is open now, and starts a hundred windows before it", async () => {
  const api = await anApiWithCandles([]);
  api.clock.nowMs += 30_000;

  const { body } = await api.ask(question("interval=1m"));

  expect(body.candles).toHaveLength(100);
  expect(body.candles.at(-1)).toMatchObject({ open_time: "2026-11-22T12:00:00.000Z", final: false });
});

test.each(["2026-11-22T13:00:00Z", "9999-12-31T23:59:59.999Z"])(
  "has no candles of windows that have not begun: from=%s",
  async (from) => {
    const api = await anApiWithCandles([]);

    const { status, body } = await api.ask(question(`interval=1m&from=${from}`));

    expect([status, body.candles, body.next_from]).toEqual([200, [], null]);
    expect(body.coverage.complete).toBeNull();
  },
);

test("serves the merged intervals too", async () => {
  const api = await anApiWithCandles(
    [
      { tsSeconds: at("11:00:05"), price: 0.6, size: 10 },
      { tsSeconds: at("11:04:05"), price: 0.2, size: 30 },
    ],
    "5m",
  );

  const { body } = await api.ask(question("interval=5m&from=2026-11-22T11:00:00Z&to=2026-11-22T11:05:00Z"));

  expect(body.candles).toMatchObject([{ open: 0.6, close: 0.2, volume: 40, notional: 12, vwap: 0.3, n: 2 }]);
});

test("cuts a long question, says so, and says where it goes on", async () => {
  const api = await anApiWithCandles([]);

  const first = (await api.ask(question("interval=1m&from=2026-11-17T00:00:00Z"))).body;
  const second = (await api.ask(question(`interval=1m&from=${first.next_from}`))).body;

  expect(first.candles).toHaveLength(5_000);
  expect(first).toMatchObject({ truncated_by: "limit", next_from: "2026-11-20T11:20:00.000Z" });
  expect(second.candles[0].open_time).toBe(first.next_from);
  expect(second).toMatchObject({ truncated_by: null, next_from: null });
});

test("starts where the kept days start, and says so", async () => {
  const api = await anApiWithCandles([]);

  const { body } = await api.ask(question("interval=1h&from=2026-01-01T00:00:00Z&to=2026-08-24T03:00:00Z"));
  const gone = (await api.ask(question("interval=1h&from=2026-01-01T00:00:00Z&to=2026-02-01T00:00:00Z")))
    .body;

  expect(body.candles).toHaveLength(3);
  expect(body).toMatchObject({ truncated_by: "retention", retention_from: "2026-08-24T00:00:00.000Z" });
  expect(gone).toMatchObject({ candles: [], truncated_by: "retention" });
});

test.each([
  ["lies before the kept days", "interval=1h&to=2025-01-01T00:00:00Z"],
  ["reaches past them by its default start", "interval=1h&to=2026-08-24T03:00:00Z"],
])("says when a question without from %s", async (_what, rest) => {
  const api = await anApiWithCandles([]);

  expect((await api.ask(question(rest))).body.truncated_by).toBe("retention");
});
