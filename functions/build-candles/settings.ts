import { openSearchSettings, wholeNumber } from "@polytape/function-runtime";
import { CANDLE_INTERVALS } from "@polytape/market-model";
import { z } from "zod";

export const buildCandlesSettings = z.object({
  ...openSearchSettings,
  /** Comma-separated list; 1m is built in any case, the longer ones are merged from it. */
  CANDLES_INTERVALS: z
    .string()
    .default(CANDLE_INTERVALS.join(","))
    .transform((list) => [...new Set(list.split(",").map((interval) => interval.trim()))])
    .pipe(z.array(z.enum(CANDLE_INTERVALS, `must be a list of ${CANDLE_INTERVALS.join(", ")}`))),
  /** How long after its end a window may still change without a new revision. */
  SETTLE_SECONDS: wholeNumber({ min: 0, max: 86_400 }).default(600),
});
