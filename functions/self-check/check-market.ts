import { touchedWindows } from "@polytape/event-bus";
import {
  type CoverageStretch,
  DAY_MS,
  type EpochMs,
  SECOND_MS,
  type Trade,
  tradeTsMs,
} from "@polytape/market-model";
import { VISIBLE_AFTER_MS } from "@polytape/market-store";
import { compareDay, type DayDifference, readStored } from "./compare-day.ts";
import { CHECKED_ROW_SET, provesNothing, type Reread, rereadSurely } from "./reread-market.ts";
import type { SelfCheckParts } from "./self-check.ts";
import { NO_MARKET, troubleStatements, verdictStatements } from "./verdict.ts";

export interface MarketDay {
  readonly marketId: string;
  readonly dayMs: EpochMs;
}

/** What one market's day turned out to be. */
export interface MarketFinding {
  readonly pages: number;
  readonly rows: number;
  /** Rows that were missing though the ledger called their moment complete. */
  readonly missingRows: number;
  readonly stored: number;
  readonly extraRows: number;
  readonly rejected: number;
  readonly isWhole: boolean;
}

export interface Repair {
  /** Missing rows that an earlier call began to store, whose news may not have been told; null: none did. */
  readonly begunRows: number | null;
  /** Remembers that rows are about to be stored. */
  begin(missingRows: number): Promise<void>;
}

/**
 * Reads one market's day again and makes the tape and the ledger agree with it. Null when the call's budget
 * ended before the day was read and the next call has more.
 *
 * Order of effects: the trouble in the ledger (a crash after it claims too little), rows on disk, news of
 * their minutes, then what the ledger may say now.
 */
export async function checkMarket(
  parts: SelfCheckParts,
  market: MarketDay,
  { pagesMax, isFirst, repair }: { pagesMax: number; isFirst: boolean; repair: Repair },
): Promise<MarketFinding | null> {
  const { store, bus, pause } = parts;
  const reread = await rereadSurely(parts, market, pagesMax);
  // Asked again after it was read: what an upstream that is behind does not show may still come.
  if (await isUpstreamBehind(parts)) return null;
  const isShort = reread.isOutOfTime || reread.pages >= pagesMax;
  if (!reread.isWhole && isShort && !isFirst) return null;
  if (reread.rejected.length > 0) await store.rejections.keepSamples(reread.rejected);

  const { missing, extra } = await findDifference(parts, market, reread);
  const claims = await readClaims(parts, market);
  const claimedRows = missing.filter((trade) => isClaimed(claims.ofMarket, trade)).length;
  const missingRows = Math.max(claimedRows, repair.begunRows ?? 0);
  let stored = 0;
  if (missing.length > 0 || repair.begunRows !== null) {
    await repair.begin(missingRows);
    if (claimedRows > 0) await store.coverage.recordIntervals(troubleStatements(market, claims, claimedRows));
    stored = (await store.trades.createTrades(missing)).stored;
    // After a crash it is not known which rows were told of: all of the day are told again.
    const told = repair.begunRows === null ? missing : reread.trades;
    await bus.publishTradesStored(CHECKED_ROW_SET, touchedWindows(told), "past");
    await pause(VISIBLE_AFTER_MS);
  }
  const finding = { missingRows, stored, extraRows: extra.length };
  // A feed that ends above rows that it served once is not whole, whatever it says.
  const believed = reread.isEndOfFeed && extra.length > 0 ? provesNothing(reread, market) : reread;
  const statements = verdictStatements(market, {
    reread: believed,
    finding,
    claims: claims.ofMarket,
    nowMs: parts.now(),
  });
  if (statements.length > 0) await store.coverage.recordIntervals(statements);
  return {
    ...finding,
    pages: reread.pages,
    rows: reread.trades.length,
    rejected: reread.rejected.length,
    isWhole: believed.isWhole,
  };
}

/** Whether the upstream is too far behind the chain for what it shows to prove anything. */
export async function isUpstreamBehind({ source, bounds }: SelfCheckParts): Promise<boolean> {
  return (await source.readStatus()).lagSeconds > bounds.upstreamLagSecondsMax;
}

/** Tells of all minutes of a market's day that have stored rows: the candles of whoever missed the news follow. */
export async function tellOfDay(
  { store, bus }: Pick<SelfCheckParts, "store" | "bus">,
  { marketId, dayMs }: MarketDay,
): Promise<void> {
  const range = { marketId, dayMs, toMs: dayMs + DAY_MS };
  const stored = await readStored(store.trades, range, dayMs / SECOND_MS);
  const taken = stored.filter(({ rowSet }) => rowSet === CHECKED_ROW_SET);
  await bus.publishTradesStored(CHECKED_ROW_SET, touchedWindows(taken), "past");
}

/** What differs, looked at twice when something does: the newest rows may not be in every answer yet. */
async function findDifference(
  { store, pause }: SelfCheckParts,
  { marketId, dayMs }: MarketDay,
  reread: Reread,
): Promise<DayDifference> {
  const range = { marketId, dayMs, toMs: dayMs + DAY_MS };
  const oldestSeconds = Math.min(reread.trades.at(-1)?.tsSeconds ?? Infinity, reread.readFromSeconds);
  const first = compareDay(reread, await readStored(store.trades, range, oldestSeconds));
  if (first.missing.length === 0) return first;
  await pause(VISIBLE_AFTER_MS);
  return compareDay(reread, await readStored(store.trades, range, oldestSeconds));
}

/** What the ledger said of the day before the check. */
export interface Claims {
  readonly ofMarket: readonly CoverageStretch[];
  /** Of a market of which nothing is said in particular. */
  readonly ofAll: readonly CoverageStretch[];
}

async function readClaims({ store }: SelfCheckParts, { marketId, dayMs }: MarketDay): Promise<Claims> {
  const range = { stream: "trades", fromMs: dayMs, toMs: dayMs + DAY_MS } as const;
  const [ofMarket, ofAll] = await Promise.all([
    store.coverage.readTimeline({ ...range, marketId }),
    store.coverage.readTimeline({ ...range, marketId: NO_MARKET }),
  ]);
  return { ofMarket, ofAll };
}

/** What this check has put in doubt a moment ago, for another market's sake, was called complete before it. */
function isClaimed(claims: readonly CoverageStretch[], trade: Trade): boolean {
  const tsMs = tradeTsMs(trade);
  const stretch = claims.find(({ fromMs, toMs }) => tsMs >= fromMs && tsMs < toMs);
  return stretch?.state === "complete" || stretch?.cause === "count_mismatch";
}
