import { createHash } from "node:crypto";
import { DAY_MS, type EpochMs } from "@polytape/market-model";
import type { MarketStore } from "@polytape/market-store";
import { nameOfDay } from "./check-request.ts";

/** Ids of markets in one page, and how many pages a day is looked through at most. */
const LISTED_MAX = 10_000;
const LIST_PAGES_MAX = 50;
/** Most active markets among which silent ones are looked for. */
const ACTIVE_MAX = 500;
/** One silent market to so many that traded. */
const TRADED_PER_SILENT = 4;

/**
 * Draws the markets of a check: some of those with stored trades on the day, and some active ones without,
 * because silence must be true too. The draw is a hash of day and market: the same day draws the same
 * markets, other days draw others, and nobody can prefer the easy ones.
 */
export async function chooseMarkets(
  { trades, markets }: Pick<MarketStore, "trades" | "markets">,
  dayMs: EpochMs,
  marketsMax: number,
): Promise<string[]> {
  const active = await markets.mostActiveMarkets(ACTIVE_MAX);
  const silent = new Set(
    active.filter(({ createdAtMs }) => (createdAtMs ?? 0) < dayMs + DAY_MS).map(({ marketId }) => marketId),
  );
  let traded: string[] = [];
  let after: string | undefined;
  for (let page = 0; page < LIST_PAGES_MAX; page += 1) {
    const ids = await trades.listMarketIds({ dayMs, after, limit: LISTED_MAX });
    for (const id of ids) silent.delete(id);
    traded = firstDrawn([...traded, ...ids], dayMs, marketsMax);
    after = ids.at(-1);
    if (ids.length < LISTED_MAX) break;
  }
  return [...traded, ...firstDrawn([...silent], dayMs, Math.ceil(marketsMax / TRADED_PER_SILENT))];
}

/** The ids whose lots come first. */
export function firstDrawn(ids: readonly string[], dayMs: EpochMs, count: number): string[] {
  return ids
    .map((id) => ({
      id,
      lot: createHash("sha256")
        .update(`${nameOfDay(dayMs)}\n${id}`)
        .digest("hex"),
    }))
    .sort((a, b) => (a.lot < b.lot ? -1 : 1))
    .slice(0, count)
    .map(({ id }) => id);
}
