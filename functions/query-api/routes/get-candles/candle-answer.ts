import { fromMillionths, toRfc3339 } from "@polytape/market-model";
import type { SeriesCandle } from "@polytape/market-store";
import { z } from "zod";
import { moment } from "../../http/parameters.ts";

const price = z.number().nullable();
const amount = z.number().nonnegative().nullable();

export const candleAnswer = z
  .object({
    open_time: moment.meta({ description: "Start of the window, aligned to the interval in UTC." }),
    open: price,
    high: price,
    low: price,
    close: price,
    volume: amount.meta({ description: "Shares." }),
    notional: amount.meta({ description: "USDC." }),
    vwap: price.meta({ description: "notional / volume; null without trades." }),
    n: z.int().nonnegative().nullable().meta({ description: "Number of trades." }),
    buy_volume: amount.meta({ description: "Shares bought by takers." }),
    sell_volume: amount.meta({ description: "Shares sold by takers." }),
    observed: z.boolean().meta({
      description:
        "false: it is not known what happened in this window, or its candle is not built yet, so all values are null. A quiet window that is known to be quiet is observed: volume 0, prices those of the previous close (null when that is not known).",
    }),
    final: z.boolean().meta({
      description:
        "The window is proven complete and the candle holds every stored trade of it: no late rows are expected any more. Should some come all the same, rev rises.",
    }),
    rev: z.int().nonnegative().nullable().meta({
      description: "How often the trades of the window changed after settling; null without trades.",
    }),
  })
  .meta({ id: "Candle" });

export type CandleAnswer = z.output<typeof candleAnswer>;

/** A window with trades. */
export function tradedCandle(candle: SeriesCandle, final: boolean): CandleAnswer {
  return {
    open_time: toRfc3339(candle.openTimeMs),
    open: candle.open,
    high: candle.high,
    low: candle.low,
    close: candle.close,
    volume: fromMillionths(candle.volume),
    notional: fromMillionths(candle.notional),
    vwap: candle.volume === 0 ? null : candle.notional / candle.volume,
    n: candle.n,
    buy_volume: fromMillionths(candle.buyVolume),
    sell_volume: fromMillionths(candle.sellVolume),
    observed: true,
    final,
    rev: candle.rev,
  };
}

/** A window that is known to be without trades: the price stands where it stood, where that is known. */
export function quietCandle(openTimeMs: number, previousClose: number | null, final: boolean): CandleAnswer {
  const nothing = { volume: 0, notional: 0, vwap: null, n: 0, buy_volume: 0, sell_volume: 0 };
  return { ...atPrice(openTimeMs, previousClose), ...nothing, observed: true, final, rev: null };
}

/** A window of which nothing is known. */
export function unobservedCandle(openTimeMs: number): CandleAnswer {
  const nothing = { volume: null, notional: null, vwap: null, n: null, buy_volume: null, sell_volume: null };
  return { ...atPrice(openTimeMs, null), ...nothing, observed: false, final: false, rev: null };
}

function atPrice(openTimeMs: number, price: number | null) {
  return { open_time: toRfc3339(openTimeMs), open: price, high: price, low: price, close: price };
}
