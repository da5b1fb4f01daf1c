import fc from "fast-check";
import { expect, test } from "vitest";
import { numberEqualTrades } from "./number-equal-trades.ts";
import { aTradeRow } from "./testing.ts";
import type { TradeRow } from "./trade.ts";

const observed = { rowSet: "taker", receivedAtMs: 1 } as const;

test("gives rows that are equal in every field different ids", () => {
  const rows = [aTradeRow(), aTradeRow(), aTradeRow()];

  const trades = numberEqualTrades().number(rows, observed);

  expect(trades.map((trade) => trade.occurrence)).toEqual([0, 1, 2]);
  expect(new Set(trades.map((trade) => trade.tradeId)).size).toBe(3);
});

test("gives the same ids to the same rows read again", () => {
  const rows = [aTradeRow(), aTradeRow(), aTradeRow({ price: 0.5 })];

  const once = numberEqualTrades().number(rows, observed);
  const again = numberEqualTrades().number(rows, observed);

  expect(again).toEqual(once);
});

test("goes on counting where a page cuts a second in two, also after a restart", () => {
  const rows = Array.from({ length: 7 }, (_, index) => aTradeRow({ price: index % 2 ? 0.5 : 0.6 }));
  const whole = numberEqualTrades().number(rows, observed);

  fc.assert(
    fc.property(fc.integer({ min: 0, max: 7 }), (cut) => {
      const before = numberEqualTrades();
      const head = before.number(rows.slice(0, cut), observed);
      const remembered = JSON.parse(JSON.stringify(before.openSecond()));
      const tail = numberEqualTrades(remembered).number(rows.slice(cut), observed);
      expect([...head, ...tail]).toEqual(whole);
    }),
  );
});

test("starts counting anew in another second", () => {
  const rows = [aTradeRow({ tsSeconds: 20 }), aTradeRow({ tsSeconds: 19 })];

  const trades = numberEqualTrades().number(rows, observed);

  expect(trades.map((trade) => trade.occurrence)).toEqual([0, 0]);
});

test("keeps earlier ids when a fuller read shows one more equal row", () => {
  const first = numberEqualTrades().number([aTradeRow()], observed);
  const fuller = numberEqualTrades().number([aTradeRow(), aTradeRow()], observed);

  expect(fuller[0]?.tradeId).toBe(first[0]?.tradeId);
});

test("refuses a row that is newer than the one before it, because its second was counted already", () => {
  const rows: TradeRow[] = [aTradeRow({ tsSeconds: 19 }), aTradeRow({ tsSeconds: 20 })];

  expect(() => numberEqualTrades().number(rows, observed)).toThrow(
    expect.objectContaining({ code: "rows_disordered" }),
  );
});
