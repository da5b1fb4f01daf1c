import fc from "fast-check";
import { expect, test } from "vitest";
import { type Candle, foldTrades, mergeCandles } from "./candle.ts";
import { aTrade } from "./testing.ts";
import { MINUTE_MS } from "./time.ts";

const at = 1_790_000_040;

test("folds a hand-computed minute", () => {
  const trades = [
    aTrade({ tsSeconds: at + 2, price: 0.5, size: 10, side: "buy", tie: 1 }),
    aTrade({ tsSeconds: at + 4, price: 0.7, size: 4, side: "sell", tie: 5 }),
    aTrade({ tsSeconds: at + 4, price: 0.6, size: 1, side: "buy", tie: 9 }),
  ];

  const candle = foldTrades(trades);

  expect(candle).toMatchObject({
    interval: "1m",
    openTimeMs: at * 1000,
    open: 0.5,
    high: 0.7,
    low: 0.5,
    close: 0.6,
    volume: 15_000_000,
    buyVolume: 11_000_000,
    sellVolume: 4_000_000,
    notional: 8_400_000,
    n: 3,
  });
});

const someTrades = fc
  .array(
    fc.record({
      tsSeconds: fc.integer({ min: at, max: at + 299 }),
      price: fc.integer({ min: 1, max: 999 }).map((milli) => milli / 1000),
      size: fc.integer({ min: 1, max: 1e9 }).map((micro) => micro / 1e6),
      side: fc.constantFrom("buy" as const, "sell" as const),
      tie: fc.integer({ min: 0, max: 2 ** 52 - 1 }),
      tradeId: fc.string({ minLength: 22, maxLength: 22 }),
    }),
    { minLength: 1, maxLength: 40 },
  )
  .map((all) => all.map((changes, index) => aTrade({ ...changes, tie: index * 7 })));

function byMinute(trades: ReturnType<typeof aTrade>[]): Candle[] {
  const minutes = new Map<number, typeof trades>();
  for (const trade of trades) {
    const minute = Math.floor(trade.tsSeconds / 60);
    minutes.set(minute, [...(minutes.get(minute) ?? []), trade]);
  }
  return [...minutes.values()].map(foldTrades);
}

test("does not depend on the order in which trades or minutes arrive", () => {
  fc.assert(
    fc.property(someTrades, fc.nat(), (trades, turn) => {
      const turned = [...trades.slice(turn % trades.length), ...trades.slice(0, turn % trades.length)];
      expect(mergeCandles(byMinute(turned).reverse(), "1h")).toEqual(mergeCandles(byMinute(trades), "1h"));
    }),
  );
});

test("merges exactly: sums of a longer candle are the sums over its trades", () => {
  fc.assert(
    fc.property(someTrades, (trades) => {
      const merged = mergeCandles(byMinute(trades), "1h");
      const sum = (of: (trade: (typeof trades)[number]) => number) =>
        trades.reduce((total, trade) => total + of(trade), 0);
      expect(merged.n).toBe(trades.length);
      expect(merged.volume).toBe(sum((trade) => Math.round(trade.size * 1e6)));
      expect(merged.notional).toBe(sum((trade) => Math.round(trade.size * trade.price * 1e6)));
      expect(merged.high).toBe(Math.max(...trades.map((trade) => trade.price)));
    }),
  );
});

test("has another trade set hash when one trade more went in", () => {
  const trades = [aTrade({ tsSeconds: at, tradeId: "a" }), aTrade({ tsSeconds: at, tradeId: "b", tie: 2 })];

  expect(foldTrades(trades).tradeSetHash).not.toBe(foldTrades(trades.slice(0, 1)).tradeSetHash);
});

test("refuses trades of two minutes, of two tokens, or none", () => {
  const code = { code: "not_one_window" };

  expect(() => foldTrades([])).toThrow(expect.objectContaining(code));
  expect(() => foldTrades([aTrade({ tsSeconds: at }), aTrade({ tsSeconds: at + MINUTE_MS / 1000 })])).toThrow(
    expect.objectContaining(code),
  );
  expect(() => foldTrades([aTrade(), aTrade({ assetId: "2" })])).toThrow(expect.objectContaining(code));
});
