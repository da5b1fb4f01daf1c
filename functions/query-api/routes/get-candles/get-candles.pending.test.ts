import { CANDLE_INTERVAL_MS, type CandleInterval } from "@polytape/market-model";
import { aMarket } from "@polytape/market-model/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { anApiWithCandles, candlesOf } from "../../testing/an-api-with-candles.ts";
import { recordCoverage } from "../../testing/record-coverage.ts";
import { tradesOf } from "../../testing/store-trades.ts";
import { withPendingWindows } from "./pending-windows.ts";

const at = (time: string) => Date.parse(`2026-11-22T${time}Z`) / 1_000;
const question = (interval: CandleInterval, from: string, to: string) =>
  `/v1/candles?market_id=${aMarket().slug}&outcome=Yes&interval=${interval}&from=2026-11-22T${from}Z&to=2026-11-22T${to}Z`;

type Api = Awaited<ReturnType<typeof anApiWithCandles>>;

function proveTheMorning(api: Api) {
  return recordCoverage(api.store, "2026-11-22T09:00:00Z", "2026-11-22T11:30:00Z");
}

async function asked(api: Api, path: string) {
  const { body } = await api.ask(path);
  const candles = body.candles.map((each: Record<string, unknown>) => [
    each["close"],
    each["n"],
    each["observed"],
    each["final"],
  ]);
  return { candles, coverage: body.coverage };
}

test("a window whose trades are stored and whose candle is not built is neither quiet nor complete", async () => {
  const api = await anApiWithCandles([{ tsSeconds: at("11:00:30"), price: 0.42 }]);
  await api.store.trades.createTrades(tradesOf([{ tsSeconds: at("11:01:30"), price: 0.6 }]));
  await proveTheMorning(api);

  const { candles, coverage } = await asked(api, question("1m", "11:00:00", "11:03:00"));

  expect(candles).toEqual([
    [0.42, 1, true, true],
    [null, null, false, false],
    // Quiet, but the price it stands at is in the candle that is not there.
    [null, 0, true, true],
  ]);
  expect(coverage).toMatchObject({
    complete: false,
    gaps: [
      {
        from: "2026-11-22T11:01:00.000Z",
        to: "2026-11-22T11:02:00.000Z",
        state: "partial",
        cause: "candles_pending",
      },
    ],
  });
});

test("a candle that lacks a stored trade shows what it holds, is not final, and hands on no price", async () => {
  const api = await anApiWithCandles([{ tsSeconds: at("11:00:30"), price: 0.42, size: 10 }]);
  await api.store.trades.createTrades(tradesOf([{ tsSeconds: at("11:00:50"), price: 0.6 }]));
  await proveTheMorning(api);

  const { candles, coverage } = await asked(api, question("1m", "11:00:00", "11:02:00"));

  expect(candles).toEqual([
    [0.42, 1, true, false],
    [null, 0, true, true],
  ]);
  expect(coverage).toMatchObject({ complete: false, gaps: [{ cause: "candles_pending" }] });
});

test("once the candle is built anew everything is complete again", async () => {
  const api = await anApiWithCandles([]);
  const trades = tradesOf([{ tsSeconds: at("11:00:30") }, { tsSeconds: at("11:00:50"), price: 0.6 }]);
  await api.store.trades.createTrades(trades);
  await proveTheMorning(api);
  const path = question("1m", "11:00:00", "11:01:00");

  const before = await asked(api, path);
  await api.store.candles.writeCandles(
    candlesOf(trades, "1m").map((candle) => ({ candle, rev: 0, replaces: null })),
  );
  const after = await asked(api, path);

  expect(before.coverage.complete).toBe(false);
  expect(after).toMatchObject({ candles: [[0.6, 2, true, true]], coverage: { complete: true, gaps: [] } });
});

test.each(["5m", "1h"] as const)(
  "a %s candle that was not merged anew is found out too",
  async (interval) => {
    const api = await anApiWithCandles([{ tsSeconds: at("10:00:30"), price: 0.42 }], interval);
    await api.store.trades.createTrades(tradesOf([{ tsSeconds: at("10:04:00"), price: 0.6 }]));
    await proveTheMorning(api);

    const { candles, coverage } = await asked(api, question(interval, "10:00:00", "10:05:00"));

    expect(candles).toEqual([[0.42, 1, true, false]]);
    expect(coverage.complete).toBe(false);
  },
);

test("the price before the question is not carried in when a trade since is in no candle", async () => {
  const api = await anApiWithCandles([{ tsSeconds: at("10:50:30"), price: 0.42 }]);
  await proveTheMorning(api);
  const path = question("1m", "11:00:00", "11:01:00");

  const before = await asked(api, path);
  await api.store.trades.createTrades(tradesOf([{ tsSeconds: at("10:55:00"), price: 0.9 }]));
  const after = await asked(api, path);

  expect(before.candles).toEqual([[0.42, 0, true, true]]);
  expect(after.candles).toEqual([[null, 0, true, true]]);
});

test("makers' rows are in no candle, so they make none pending", async () => {
  const api = await anApiWithCandles([{ tsSeconds: at("11:00:30") }]);
  const [row] = tradesOf([{ tsSeconds: at("11:00:40") }]);
  if (row) await api.store.trades.createTrades([{ ...row, rowSet: "all" }]);
  await proveTheMorning(api);

  const { coverage } = await asked(api, question("1m", "11:00:00", "11:01:00"));

  expect(coverage.complete).toBe(true);
});

test("pending windows lessen what is known, to the millisecond, and never mend or rename known trouble", () => {
  const lengthMs = CANDLE_INTERVAL_MS["1m"] / 6_000;
  const anyStretch = fc.record({
    length: fc.integer({ min: 1, max: 25 }),
    state: fc.constantFrom("complete" as const, "unknown" as const, "missing" as const),
  });
  fc.assert(
    fc.property(fc.array(anyStretch, { minLength: 1 }), fc.uniqueArray(fc.nat(12)), (pieces, windows) => {
      let atMs = 0;
      const timeline = pieces.map(({ length, state }) => {
        const cause = state === "missing" ? ("throttled" as const) : null;
        const stretch = { fromMs: atMs, toMs: atMs + length, state, cause };
        atMs += length;
        return stretch;
      });
      const pending = windows.map((place) => place * lengthMs).sort((a, b) => a - b);

      const found = withPendingWindows(timeline, pending, lengthMs);

      const stateAt = (line: typeof found, ms: number) =>
        line.filter(({ fromMs, toMs }) => fromMs <= ms && ms < toMs).map(({ state }) => state);
      for (let ms = 0; ms < atMs; ms += 1) {
        const isPending = pending.some((openMs) => openMs <= ms && ms < openMs + lengthMs);
        const [before] = stateAt(timeline, ms);
        expect(stateAt(found, ms)).toEqual([isPending && before !== "missing" ? "partial" : before]);
      }
      expect(found.at(-1)?.toMs).toBe(atMs);
    }),
  );
});
