import {
  flag,
  natsSettings,
  openSearchSettings,
  polymarketSettings,
  wholeNumber,
} from "@polytape/function-runtime";
import { z } from "zod";

export const ingestTradesSettings = z.object({
  ...openSearchSettings,
  ...natsSettings,
  ...polymarketSettings,
  COLLECT_TRADES: flag().default(true),
  /** Names the checkpoint: feeds of different upstreams need different names. */
  TRADES_FEED: z
    .string()
    .regex(/^[a-z0-9-]+$/, "may hold lower-case letters, digits and dashes")
    .default("live"),
  /** `taker`: one row per taker order; `all`: maker rows too, which candles and volume leave out. */
  TRADES_ROW_SET: z.enum(["taker", "all"]).default("taker"),
  /** Whether the feed is the whole venue's; of a part (one wallet, a recording) nothing is said in the ledger. */
  TRADES_FEED_IS_WHOLE: flag().default(true),
  /** Pages of 1000 rows that one run may read; a walk that needs more goes on at the next tick. */
  TRADES_PAGES_PER_RUN_MAX: wholeNumber({ min: 1, max: 1_000 }).default(20),
  /** Age after which the upstream adds no more rows below its head, seconds. */
  SETTLE_SECONDS: wholeNumber({ min: 0, max: 86_400 }).default(600),
  /** Pause between two settle walks, seconds. */
  SETTLE_EVERY_SECONDS: wholeNumber({ min: 1, max: 86_400 }).default(180),
  /** Pages of 1000 rows of the settle walk per run. */
  SETTLE_PAGES_PER_RUN_MAX: wholeNumber({ min: 1, max: 1_000 }).default(10),
  /** An upstream that says it is further behind the chain than this proves nothing, seconds. */
  UPSTREAM_LAG_SECONDS_MAX: wholeNumber({ min: 1, max: 86_400 }).default(60),
});
