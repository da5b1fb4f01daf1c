import { openSearchSettings, wholeNumber } from "@polytape/function-runtime";
import { z } from "zod";

export const enforceRetentionSettings = z.object({
  ...openSearchSettings,
  /** Days that trades, candles, books and what is known about them are kept; 0: for ever. */
  RETENTION_DAYS: wholeNumber({ min: 0, max: 36_500 }).default(90),
  /** Indices that one run may delete; the next one goes on. */
  RETENTION_INDICES_PER_RUN_MAX: wholeNumber({ min: 1, max: 1_000 }).default(40),
});
