import {
  flag,
  natsSettings,
  openSearchSettings,
  polymarketSettings,
  wholeNumber,
} from "@polytape/function-runtime";
import { z } from "zod";

export const selfCheckSettings = z.object({
  ...openSearchSettings,
  ...natsSettings,
  ...polymarketSettings,
  COLLECT_TRADES: flag().default(true),
  /** Markets with stored trades that are read again for one day; a quarter as many silent ones come on top. 0: none. */
  SELF_CHECK_MARKETS: wholeNumber({ min: 0, max: 500 }).default(20),
  /** Pages of 1000 rows that one call may read; a market that needs more is read in part. */
  SELF_CHECK_PAGES_MAX: wholeNumber({ min: 1, max: 1_000 }).default(40),
  /** By how many times the venue's volume may differ from ours before it is an anomaly. */
  SELF_CHECK_VOLUME_RATIO_MAX: wholeNumber({ min: 1, max: 1_000 }).default(2),
  /** A day is checked when its end is older than this, seconds. */
  SETTLE_SECONDS: wholeNumber({ min: 0, max: 86_400 }).default(600),
  /** While the upstream is further behind the chain, nothing is checked, seconds. */
  UPSTREAM_LAG_SECONDS_MAX: wholeNumber({ min: 1, max: 86_400 }).default(60),
  /** Older days are refused; 0: no bound. */
  RETENTION_DAYS: wholeNumber({ min: 0, max: 36_500 }).default(90),
});
