import { flag, openSearchSettings, polymarketSettings, wholeNumber } from "@polytape/function-runtime";
import { z } from "zod";
import type { MarketsBudget } from "./ingest-markets.ts";

export const ingestMarketsSettings = z.object({
  ...openSearchSettings,
  ...polymarketSettings,
  /** Whether markets are collected at all. */
  COLLECT_MARKETS: flag().default(true),
  /** Pages a run reads of what changed last, for open and for closed markets each. */
  MARKETS_RECENT_PAGES_MAX: wholeNumber({ min: 4, max: 50 }).default(8),
  /** How far below the last run's newest update the next run reads again. */
  MARKETS_RECENT_OVERLAP_SECONDS: wholeNumber({ min: 0, max: 3_600 }).default(10),
  /** Pages of the whole catalogue of open markets that a run re-reads; 0: none. */
  MARKETS_SWEEP_OPEN_PAGES: wholeNumber({ min: 0, max: 100 }).default(12),
  /** The same of closed markets, which are many more and change less. */
  MARKETS_SWEEP_CLOSED_PAGES: wholeNumber({ min: 0, max: 100 }).default(6),
});

export function budgetOf(settings: z.output<typeof ingestMarketsSettings>): MarketsBudget {
  return {
    recentPagesMax: settings.MARKETS_RECENT_PAGES_MAX,
    recentOverlapMs: settings.MARKETS_RECENT_OVERLAP_SECONDS * 1000,
    sweepPages: { open: settings.MARKETS_SWEEP_OPEN_PAGES, closed: settings.MARKETS_SWEEP_CLOSED_PAGES },
  };
}
