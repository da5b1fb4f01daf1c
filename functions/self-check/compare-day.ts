import { SECOND_MS, type StoredTrade, type Trade, tradeTsMs } from "@polytape/market-model";
import type { MarketStore, TradePosition } from "@polytape/market-store";
import { CHECKED_ROW_SET, type Reread } from "./reread-market.ts";

/** Rows in one page of the store. */
const STORED_AT_ONCE_MAX = 5_000;

export interface DayDifference {
  /** Served and not stored. */
  readonly missing: readonly Trade[];
  /** Stored before the reading began, and not served. */
  readonly extra: readonly StoredTrade[];
}

/**
 * Compares by identity: equal rows have their number within their second, so a set of ids is a multiset of
 * rows. Nothing is called extra in seconds of which the upstream served only a part. Pure.
 */
export function compareDay(reread: Reread, stored: readonly StoredTrade[]): DayDifference {
  const known = new Set(stored.map(({ tradeId }) => tradeId));
  const served = new Set(reread.trades.map(({ tradeId }) => tradeId));
  return {
    missing: reread.trades.filter(({ tradeId }) => !known.has(tradeId)),
    extra: stored.filter(
      ({ tradeId, rowSet, tsSeconds, ingestedAtMs }) =>
        !served.has(tradeId) &&
        rowSet === CHECKED_ROW_SET &&
        tsSeconds >= reread.readFromSeconds &&
        !reread.cutSeconds.has(tsSeconds) &&
        ingestedAtMs < reread.startedMs,
    ),
  };
}

/**
 * All stored rows of a market's day, from a second on: bounded by what was traded in
 * it. Rows of both row sets: one that was read with makers is not missing.
 */
export async function readStored(
  trades: Pick<MarketStore["trades"], "findTrades">,
  { marketId, dayMs, toMs }: { marketId: string; dayMs: number; toMs: number },
  oldestSeconds: number,
): Promise<StoredTrade[]> {
  const fromMs = Math.max(oldestSeconds * SECOND_MS, dayMs);
  const stored: StoredTrade[] = [];
  if (fromMs >= toMs) return stored;
  const range = { marketId, fromMs, toMs, sort: "asc", limit: STORED_AT_ONCE_MAX } as const;
  let after: TradePosition | undefined;
  for (;;) {
    const page = await trades.findTrades({ ...range, after });
    stored.push(...page);
    const last = page.at(-1);
    if (!last || page.length < STORED_AT_ONCE_MAX) return stored;
    after = [tradeTsMs(last), last.tie];
  }
}
