import {
  flag,
  natsSettings,
  openSearchSettings,
  polymarketSettings,
  wholeNumber,
} from "@polytape/function-runtime";
import { z } from "zod";

export const backfillTradesSettings = z.object({
  ...openSearchSettings,
  ...natsSettings,
  ...polymarketSettings,
  COLLECT_TRADES: flag().default(true),
  /** Days before the first start that are filled in (0: none), and the most that a request may ask for. */
  BACKFILL_DAYS: wholeNumber({ min: 0, max: 3_650 }).default(7),
  /** A backfill that reaches further back is refused; 0: no bound. */
  RETENTION_DAYS: wholeNumber({ min: 0, max: 36_500 }).default(90),
  /** Rows younger than this at the start of a walk are left out of what it calls complete, seconds. */
  SETTLE_SECONDS: wholeNumber({ min: 0, max: 86_400 }).default(600),
  /** While the upstream says that it is further behind the chain than this, nothing is read, seconds. */
  UPSTREAM_LAG_SECONDS_MAX: wholeNumber({ min: 1, max: 86_400 }).default(60),
  /** Pages of 1000 rows that one call may read; the next call goes on where it stopped. */
  BACKFILL_PAGES_PER_RUN_MAX: wholeNumber({ min: 1, max: 1_000 }).default(20),
});
