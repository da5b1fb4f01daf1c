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
  const [known, leftOut] = await Promise.all([
    api.completeness.timeline({ stream: "trades", marketId, assetId }, fromMs, toMs),
    reading.start.after === null ? null : rowsLeftOut(api, filter, { ...reading, whole: { fromMs, toMs } }),
  ]);
  const timeline = withoutLaterRows(known, leftOut);
  const openStart = filter.fromMs === undefined && api.rules.retentionDays === 0;
  return coverageBlockOf(timeline, { fromMs, toMs, openStart });
}

/**
 * Where the rows lie that the pages of a walk leave out. Those that were stored after the first page was read; and on the
 * last page everywhere, when there are more than the pages gave: a busy store showed some only when the walk had passed
 * their place (see `REFRESH_LAG_MS`). Looked for after the page was read, so that what appears in between is told
 * rather than not, and exactly on the last page, because no other comes that could tell.
 */
async function rowsLeftOut(
  api: ApiParts,
  filter: Filter,
  { start, page, whole }: Omit<Reading, "nowMs"> & { readonly whole: LaterRows },
): Promise<LaterRows | null> {
  const { trades, more } = await page;
  if (more) return laterRows(api, filter, { exact: false });
  const [n, later] = await Promise.all([
    api.store.trades.countTrades(filter),
    laterRows(api, filter, { exact: true }),
  ]);
  return n > start.rowsBefore + trades.length ? whole : later;
}

async function laterRows(
  api: ApiParts,
  { asOfMs, ...filter }: Filter,
  options: { exact: boolean },
): Promise<LaterRows | null> {
  const toMs = Math.min(filter.toMs ?? asOfMs, asOfMs);
  const span = await api.store.trades.findSpan({ ...filter, toMs, ingestedAfterMs: asOfMs }, options);
  return span && { fromMs: span.firstMs, toMs: span.lastMs + SECOND_MS };
}
