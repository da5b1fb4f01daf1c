import {
  CANDLE_INTERVAL_MS,
  CANDLE_INTERVALS,
  type CandleInterval,
  compareTrades,
  numberEqualTrades,
  type Trade,
  windowStart,
} from "@polytape/market-model";
import { aTradeRow } from "@polytape/market-model/testing";
import { inMemoryStore } from "@polytape/market-store/in-memory";
import fc from "fast-check";
import { expect, test } from "vitest";
import { buildCandles } from "./build-candles.ts";

const HOUR_SECONDS = 1_789_999_200;

/** Trades of two tokens over a bit more than an hour, newest first as the feed serves them, some equal. */
const someTrades = fc
  .array(
    fc.record({
      assetId: fc.constantFrom("1001", "1002"),
      tsSeconds: fc.integer({ min: HOUR_SECONDS, max: HOUR_SECONDS + 4_000 }),
      price: fc.integer({ min: 1, max: 999 }).map((thousandths) => thousandths / 1000),
      size: fc.integer({ min: 1, max: 5_000_000_000 }).map((millionths) => millionths / 1_000_000),
      side: fc.constantFrom("buy" as const, "sell" as const),
    }),
    { minLength: 1, maxLength: 60 },
  )
  .map((rows) => {
    const newestFirst = rows.map((row) => aTradeRow(row)).sort((a, b) => b.tsSeconds - a.tsSeconds);
    return numberEqualTrades().number(newestFirst, { rowSet: "taker", receivedAtMs: 0 });
  });

/** How the trades reach the store: in which step each is stored, and how late and how often its message comes. */
const anyDelivery = someTrades.chain((trades) =>
  fc.record({
    trades: fc.constant(trades),
    steps: fc.array(fc.nat(4), { minLength: trades.length, maxLength: trades.length }),
    delays: fc.array(fc.nat(4), { minLength: 5, maxLength: 5 }),
    repeats: fc.array(fc.nat(4), { maxLength: 4 }),
  }),
);

test("any split, order, delay and repeat of the messages gives the candles of a naive recomputation", async () => {
  await fc.assert(
    fc.asyncProperty(anyDelivery, async ({ trades, steps, delays, repeats }) => {
      const { store, deliver } = aTape();
      const stepOf = (wanted: number) => trades.filter((_, index) => steps[index] === wanted);

      for (let time = 0; time < 10; time += 1) {
        await store.trades.createTrades(stepOf(time));
        for (let step = 0; step <= time; step += 1)
          if (step + (delays[step] ?? 0) === time) await deliver([stepOf(step)]);
      }
      await deliver(repeats.map(stepOf));

      const inOneGo = aTape();
      await inOneGo.store.trades.createTrades(trades);
      await inOneGo.deliver([trades]);
      const built = await allCandles(store);
      expect(built.map(({ tradeSetHash: _, ...candle }) => candle)).toEqual(naively(trades));
      expect(built).toEqual(await allCandles(inOneGo.store));
    }),
    { numRuns: 60 },
  );
});

function aTape() {
  const store = inMemoryStore({ now: () => 0 });
  const deps = {
    store,
    intervals: CANDLE_INTERVALS,
    settleMs: 0,
    now: () => 0,
    signal: new AbortController().signal,
  };
  return {
    store,
    deliver: (batches: readonly (readonly Trade[])[]) => buildCandles(deps, batches.map(messageOf)),
  };
}

function messageOf(trades: readonly Trade[]) {
  return {
    windows: trades.map(({ marketId, assetId, tsSeconds }) => ({
      market_id: marketId,
      asset_id: assetId,
      minutes_ms: [tsSeconds * 1000 - ((tsSeconds * 1000) % 60_000)],
    })),
  };
}

async function allCandles(store: ReturnType<typeof inMemoryStore>) {
  const range = { fromMs: 0, toMs: Number.MAX_SAFE_INTEGER, limit: 10_000 };
  const candles = [...(await store.candles.findByKeys(await store.candles.listKeys(range))).values()];
  const inOrder = CANDLE_INTERVALS.flatMap((each) => candles.filter(({ interval }) => interval === each));
  return inOrder.map(({ version: _, ingestedAtMs: __, rev: ___, ...candle }) => candle);
}

/** The definition of a candle, written down once more without sharing any code with the real one but the order. */
function naively(trades: readonly Trade[]) {
  return CANDLE_INTERVALS.flatMap((interval) =>
    ["1001", "1002"].flatMap((assetId) => {
      const ofToken = trades.filter((trade) => trade.assetId === assetId);
      const opens = new Set(
        ofToken.map((trade) => windowStart(trade.tsSeconds * 1000, CANDLE_INTERVAL_MS[interval])),
      );
      return [...opens].sort((a, b) => a - b).map((openTimeMs) => naiveCandle(ofToken, interval, openTimeMs));
    }),
  );
}

function naiveCandle(ofToken: readonly Trade[], interval: CandleInterval, openTimeMs: number) {
  const inside = ofToken
    .filter(({ tsSeconds }) => tsSeconds * 1000 >= openTimeMs)
    .filter(({ tsSeconds }) => tsSeconds * 1000 < openTimeMs + CANDLE_INTERVAL_MS[interval])
    .sort(compareTrades);
  const sum = (of: (trade: Trade) => number) =>
    Number(inside.reduce((total, trade) => total + BigInt(Math.round(of(trade) * 1e6)), 0n));
  return {
    marketId: inside[0]?.marketId,
    assetId: inside[0]?.assetId,
    interval,
    openTimeMs,
    open: inside[0]?.price,
    high: Math.max(...inside.map(({ price }) => price)),
    low: Math.min(...inside.map(({ price }) => price)),
    close: inside.at(-1)?.price,
    volume: sum(({ size }) => size),
    notional: sum(({ price, size }) => price * size),
    buyVolume: sum(({ side, size }) => (side === "buy" ? size : 0)),
    sellVolume: sum(({ side, size }) => (side === "sell" ? size : 0)),
    n: inside.length,
  };
}
