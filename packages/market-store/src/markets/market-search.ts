import type { EpochMs } from "@polytape/market-model";
import type { MarketPosition, MarketQuery, StoredMarket } from "../market-store.ts";
import { NO_CLOSE_TIME_MS } from "./market-document.ts";

/** Close time newest first, markets without one last; the id makes the order total. */
const BY_CLOSE_TIME = [{ close_time: { order: "desc", missing: NO_CLOSE_TIME_MS } }, { market_id: "asc" }];

export function positionOf(market: StoredMarket): MarketPosition {
  return [market.closeTimeMs ?? NO_CLOSE_TIME_MS, market.marketId];
}

export function marketSearchBody(query: MarketQuery): Record<string, unknown> {
  return {
    size: query.limit,
    ...(query.offset !== undefined && query.offset > 0 && { from: query.offset }),
    ...(query.after && { search_after: [...query.after] }),
    track_total_hits: false,
    query: { bool: { filter: clausesOf(query) } },
    sort: BY_CLOSE_TIME,
  };
}

function clausesOf(query: MarketQuery): Record<string, unknown>[] {
  const clauses: Record<string, unknown>[] = [];
  if (query.category !== undefined) clauses.push({ term: { category: query.category } });
  if (query.status !== undefined) clauses.push({ term: { status: query.status } });
  if (query.closeFromMs !== undefined || query.closeToMs !== undefined)
    clauses.push({ range: { close_time: { gte: query.closeFromMs, lt: query.closeToMs } } });
  if (query.text !== undefined && query.text.trim() !== "") clauses.push(everyWord(query.text));
  return clauses;
}

/** Every word in the title or the description, wherever; no query language that a user could break. */
function everyWord(text: string): Record<string, unknown> {
  return {
    multi_match: {
      query: text,
      type: "cross_fields",
      operator: "and",
      fields: ["title", "description"],
      zero_terms_query: "all",
    },
  };
}

export function anyIdBody(anyId: string): Record<string, unknown> {
  const clauses = [{ term: { gamma_id: anyId } }, { term: { slug: anyId } }];
  return {
    size: 1,
    track_total_hits: false,
    query: { bool: { filter: [{ bool: { should: clauses, minimum_should_match: 1 } }] } },
    sort: BY_CLOSE_TIME,
  };
}

export function lastUpdatedBody(upToMs: EpochMs): Record<string, unknown> {
  return {
    size: 1,
    track_total_hits: false,
    query: { bool: { filter: [{ range: { updated_at: { lte: upToMs } } }] } },
    sort: [{ updated_at: "desc" }],
  };
}

export function activeMarketsBody(limit: number): Record<string, unknown> {
  return {
    size: limit,
    track_total_hits: false,
    query: { bool: { filter: [{ term: { status: "open" } }, { term: { accepting_orders: true } }] } },
    sort: [{ volume_24h: { order: "desc", missing: "_last" } }, { market_id: "asc" }],
  };
}
