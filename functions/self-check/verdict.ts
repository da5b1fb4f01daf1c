import {
  type CoverageInterval,
  type CoverageStretch,
  DAY_MS,
  type EpochMs,
  SECOND_MS,
} from "@polytape/market-model";
import type { Claims, MarketDay, MarketFinding } from "./check-market.ts";
import { nameOfDay } from "./check-request.ts";
import type { Reread } from "./reread-market.ts";

/** A market that does not exist: what the ledger says of it is what it says of all markets at once. */
export const NO_MARKET = `0x${"0".repeat(64)}`;

/**
 * Rows were missing where the ledger said complete. Whatever lost them may have lost others too, so nothing
 * that was said of all markets on that day stands until the day has been read again. Pure.
 */
export function troubleStatements(
  { marketId, dayMs }: MarketDay,
  claims: Claims,
  missingRows: number,
): CoverageInterval[] {
  const evidence = { self_check: nameOfDay(dayMs), market: marketId, missing_rows: missingRows };
  const doubt = (stretches: readonly CoverageStretch[], of: string | null): CoverageInterval[] =>
    stretches
      .filter(({ state }) => state === "complete")
      .map(({ fromMs, toMs }) => ({
        ...{ stream: "trades", marketId: of, assetId: null, fromMs, toMs },
        ...{ state: "partial", cause: "count_mismatch", evidence },
      }));
  return [...doubt(claims.ofAll, null), ...doubt(claims.ofMarket, marketId)];
}

/**
 * What the reading proves of the market's day, said only where it is news: a day that was called complete and
 * is needs no word. Pure.
 */
export function verdictStatements(
  { marketId, dayMs }: MarketDay,
  {
    reread,
    finding,
    claims,
    nowMs,
  }: {
    reread: Reread;
    finding: Pick<MarketFinding, "missingRows" | "stored" | "extraRows">;
    claims: readonly CoverageStretch[];
    nowMs: EpochMs;
  },
): CoverageInterval[] {
  const fromMs = Math.max(reread.readFromSeconds * SECOND_MS, dayMs);
  const toMs = dayMs + DAY_MS;
  const wasClaimed = claims.every(({ state }) => state === "complete");
  const isNews = finding.missingRows + finding.stored + finding.extraRows > 0 || !wasClaimed;
  if (!isNews || fromMs >= toMs || reread.cutSeconds.size > 0) return [];
  const evidence = {
    self_check: nameOfDay(dayMs),
    checked_at: nowMs,
    pages: reread.pages,
    rows: reread.trades.length,
    found_rows: finding.stored,
    ...(finding.missingRows > 0 && { missing_rows: finding.missingRows }),
    ...(finding.extraRows > 0 && { upstream_changed: finding.extraRows }),
  };
  const statement = {
    stream: "trades",
    marketId,
    assetId: null,
    fromMs,
    toMs,
    cause: null,
    evidence,
  } as const;
  // Of two statements that say the same the older keeps its evidence: it is wiped first, in the same write.
  return [
    { ...statement, state: "unknown" },
    { ...statement, state: "complete" },
  ];
}
