import { natsSettings, openSearchSettings, wholeNumber } from "@polytape/function-runtime";
import { CANDLE_INTERVALS } from "@polytape/market-model";
import { z } from "zod";

export const queryApiSettings = z.object({
  ...openSearchSettings,
  ...natsSettings,
  /** Requests a second of a key that names no rate of its own. */
  API_RATE_RPS: z
    .string()
    .regex(/^\d+(\.\d+)?$/, "must be a number of requests a second")
    .transform(Number)
    .pipe(z.number().positive().max(10_000))
    .default(10),
  /** Requests a UTC day of a key that names no cap of its own. */
  API_DAILY_CAP: wholeNumber({ min: 1, max: 1_000_000_000 }).default(100_000),
  /** What takes longer is given up, in OpenSearch too. Below the platform's own limit (stack.yml: 15 s), which has no envelope. */
  API_QUERY_TIMEOUT_MS: wholeNumber({ min: 100, max: 14_000 }).default(10_000),
  /** Questions that are answered at once; the others wait for their key's turn. */
  API_ANSWERS_AT_ONCE: wholeNumber({ min: 1, max: 1_000 }).default(4),
  /** Days that are kept; 0: all. */
  RETENTION_DAYS: wholeNumber({ min: 0, max: 36_500 }).default(90),
  /** What is younger may still get late rows. */
  SETTLE_SECONDS: wholeNumber({ min: 0, max: 86_400 }).default(600),
  /** The candle intervals that are built. */
  CANDLES_INTERVALS: z
    .string()
    .transform((list) => list.split(",").map((name) => name.trim()))
    .pipe(z.array(z.enum(CANDLE_INTERVALS, `must be some of ${CANDLE_INTERVALS.join(", ")}`)).min(1))
    .default([...CANDLE_INTERVALS]),
});
