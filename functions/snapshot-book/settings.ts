import { flag, openSearchSettings, polymarketSettings, wholeNumber } from "@polytape/function-runtime";
import { z } from "zod";

export const snapshotBookSettings = z.object({
  ...openSearchSettings,
  ...polymarketSettings,
  /** Whether books are collected at all. */
  COLLECT_BOOKS: flag().default(true),
  /** Levels kept of each side, best first. */
  BOOK_LEVELS: wholeNumber({ min: 1, max: 200 }).default(25),
  /** How many of the most active markets are followed, with all their outcome tokens. */
  BOOK_MARKETS_MAX: wholeNumber({ min: 1, max: 500 }).default(50),
  /** Optional: token ids (decimal, comma-separated) to follow instead of the most active markets. */
  BOOK_ASSETS: z
    .string()
    .transform((list) => [...new Set(list.split(",").map((assetId) => assetId.trim()))])
    .pipe(z.array(z.string().regex(/^\d{1,78}$/, "must be decimal token ids")).max(1_000))
    .optional(),
});
