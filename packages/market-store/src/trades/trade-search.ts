import { DAY_MS, type EpochMs, windowStart } from "@polytape/market-model";
import type { TradeFilter, TradePosition, TradeQuery } from "../market-store.ts";
import { behindAll, numbersToRead } from "../opensearch/columns.ts";
import { type FixedTexts, TRADE_NUMBERS, TRADE_PLACE, tradeTexts } from "./trade-document.ts";

/** Days asked in one search: first the one that most likely holds the answer, then ever more. */
const DAYS_AT_ONCE_MAX = 32;

/** The stored days that can hold rows of the query, in its order, in groups of 1, 2, 4 … 32. */
export function dayGroups(days: readonly EpochMs[], query: TradeQuery): EpochMs[][] {
  const ordered = daysWithin(days, query).filter((day) => canFollow(day, query));
  if (query.sort === "desc") ordered.reverse();
  const groups: EpochMs[][] = [];
  for (
    let from = 0, size = 1;
    from < ordered.length;
    from += size, size = Math.min(size * 2, DAYS_AT_ONCE_MAX)
  )
    groups.push(ordered.slice(from, from + size));
  return groups;
}

/** Oldest first. */
export function daysWithin(days: readonly EpochMs[], filter: TradeFilter): EpochMs[] {
  const fromMs = windowStart(filter.fromMs ?? -Infinity, DAY_MS);
  const toMs = filter.toMs ?? Infinity;
  return days.filter((day) => day >= fromMs && day < toMs);
}

function canFollow(day: EpochMs, query: TradeQuery): boolean {
  if (!query.after) return true;
  const afterDay = windowStart(query.after[0], DAY_MS);
  return query.sort === "asc" ? day >= afterDay : day <= afterDay;
}

/** The filter clauses of a query; all of them must hold, none of them scores. */
export function tradeClauses(filter: TradeFilter): Record<string, unknown>[] {
  const terms = [
    { field: "market_id", value: filter.marketId },
    { field: "asset_id", value: filter.assetId },
    { field: "side", value: filter.side },
    { field: "row_set", value: filter.rowSet },
  ];
  const clauses: Record<string, unknown>[] = terms
    .filter(({ value }) => value !== undefined)
    .map(({ field, value }) => ({ term: { [field]: value } }));
  if (filter.fromMs !== undefined || filter.toMs !== undefined)
    clauses.push({ range: { ts: { gte: filter.fromMs, lt: filter.toMs } } });
  if (filter.asOfMs !== undefined) clauses.push({ range: { ingested_at: { lte: filter.asOfMs } } });
  if (filter.ingestedAfterMs !== undefined)
    clauses.push({ range: { ingested_at: { gt: filter.ingestedAfterMs } } });
  return clauses;
}

export interface TradePage {
  readonly size: number;
  readonly from: number;
  readonly after: TradePosition | undefined;
  readonly countUpTo: number | false;
}

/**
 * Ties are broken by a number: by a text, the same search takes three times as long. The fields are asked
 * for as columns: they are stored as such, and putting a source together from them takes half as long again. `named`:
 * with the ids that the rows are stored under.
 */
export function tradeSearchBody(
  query: Pick<TradeQuery, "sort"> & FixedTexts,
  clauses: readonly Record<string, unknown>[],
  page: TradePage & { readonly named: boolean },
): Record<string, unknown> {
  return {
    size: page.size,
    ...(page.from > 0 && { from: page.from }),
    ...(page.after && { search_after: [...page.after, ...behindAll(TRADE_NUMBERS)] }),
    track_total_hits: page.countUpTo,
    query: { bool: { filter: clauses } },
    sort: [...TRADE_PLACE.map(([field]) => ({ [field]: query.sort })), ...numbersToRead(TRADE_NUMBERS)],
    _source: false,
    stored_fields: page.named ? [] : "_none_",
    docvalue_fields: tradeTexts(query),
  };
}
