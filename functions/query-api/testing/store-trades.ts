import { numberEqualTrades, type Trade, type TradeRow } from "@polytape/market-model";
import { aTradeRow } from "@polytape/market-model/testing";
import { NOW } from "./an-api.ts";

/** Trades as the collector makes them; rows may be in any order and equal. */
export function tradesOf(rows: readonly Partial<TradeRow>[]): Trade[] {
  const whole = rows.map((row) => aTradeRow({ tsSeconds: NOW / 1_000 - 3_600, ...row }));
  const newestFirst = whole.sort((a, b) => b.tsSeconds - a.tsSeconds);
  return numberEqualTrades().number(newestFirst, { rowSet: "taker", receivedAtMs: NOW - 3_000_000 });
}
