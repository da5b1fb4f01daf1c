import { type EpochMs, keptFrom, SECOND_MS, type StoredTrade } from "@polytape/market-model";
import type { TradeFilter } from "@polytape/market-store";
import { type CoverageBlock, coverageBlockOf } from "../../completeness/coverage-block.ts";
import { type LaterRows, withoutLaterRows } from "../../completeness/later-rows.ts";
import type { PageStart } from "../../http/page-cursor.ts";
import type { ApiParts } from "../../http/route.ts";

export interface TradesPage {
  readonly trades: StoredTrade[];
  readonly more: boolean;
}

type Filter = TradeFilter & { readonly asOfMs: EpochMs };

interface Reading {
  readonly nowMs: EpochMs;
  readonly start: PageStart;
  readonly page: Promise<TradesPage>;
}

/** What is known about the whole question, lessened by rows that the pages of a walk leave out. */
export async function readCoverage(
  api: ApiParts,
  filter: Filter,
  { nowMs, ...reading }: Reading,
): Promise<CoverageBlock> {
  const { marketId, assetId, asOfMs } = filter;
  const toMs = Math.min(filter.toMs ?? asOfMs, asOfMs);
  // Of days that are no longer kept the ledger may still say that they were complete.
  const keptFromMs = keptFrom(api.rules.retentionDays, nowMs) ?? 0;
  const fromMs = Math.min(Math.max(filter.fromMs ?? keptFromMs, keptFromMs), toMs);
  const isWalk = reading.start.after !== null;
  const [known, later, isShort] = await Promise.all([
    api.completeness.timeline({ stream: "trades", marketId, assetId }, fromMs, toMs),
    isWalk ? laterRows(api, filter) : null,
    isWalk && lacksRows(api, filter, reading),
  ]);
  const timeline = withoutLaterRows(known, isShort ? { fromMs, toMs } : later);
  const openStart = filter.fromMs === undefined && api.rules.retentionDays === 0;
  return coverageBlockOf(timeline, { fromMs, toMs, openStart });
}

/** Where the rows lie that were stored after the first page was read. */
async function laterRows(api: ApiParts, { asOfMs, ...filter }: Filter): Promise<LaterRows | null> {
  const toMs = Math.min(filter.toMs ?? asOfMs, asOfMs);
  const span = await api.store.trades.findSpan({ ...filter, toMs, ingestedAfterMs: asOfMs });
  return span && { fromMs: span.firstMs, toMs: span.lastMs + SECOND_MS };
}

/**
 * Whether the pages of a walk, with this last one, lack rows that had arrived before it: a busy store showed them only
 * when the walk had passed their place (see `REFRESH_LAG_MS`). Counted after the page was read, so that what appears
 * in between is told rather than not.
 */
async function lacksRows(
  api: ApiParts,
  filter: Filter,
  { start, page }: Omit<Reading, "nowMs">,
): Promise<boolean> {
  const { trades, more } = await page;
  if (more) return false;
  const n = await api.store.trades.countTrades(filter);
  return n > start.rowsBefore + trades.length;
}
