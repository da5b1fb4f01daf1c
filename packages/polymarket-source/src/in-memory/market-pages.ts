import type { Market, RejectedRecord } from "@polytape/market-model";
import { isRejected } from "../http/rejected.ts";
import type { MarketPage, MarketPageQuery } from "../polymarket-source.ts";
import { refusedCursor } from "./trade-feed.ts";

/** A page in the order asked for; a cursor names the last market served. Rejected records come with the first page of open ones. */
export function pageOfMarkets(
  records: readonly (Market | RejectedRecord)[],
  { closed, order, cursor }: MarketPageQuery,
  marketsPerPage: number,
): Omit<MarketPage, "receivedAtMs"> {
  const { accepted, rejected } = sortOut(records);
  const sorted = accepted.filter((market) => (market.status !== "open") === closed).sort(ORDERS[order]);
  const start = cursor === null ? 0 : sorted.findIndex((market) => market.gammaId === cursor) + 1;
  if (cursor !== null && start === 0) throw refusedCursor();
  const end = start + marketsPerPage;
  return {
    markets: sorted.slice(start, end),
    rejected: cursor === null && !closed ? rejected : [],
    nextCursor: end < sorted.length ? (sorted[end - 1]?.gammaId ?? null) : null,
  };
}

const byId = (a: Market, b: Market) => Number(a.gammaId) - Number(b.gammaId);

const ORDERS: Record<MarketPageQuery["order"], (a: Market, b: Market) => number> = {
  id: byId,
  newest: (a, b) => byId(b, a),
  updated: (a, b) => (b.updatedAtMs ?? 0) - (a.updatedAtMs ?? 0) || byId(b, a),
};

export function sortOut<Accepted extends object>(
  records: readonly (Accepted | RejectedRecord)[],
): { accepted: Accepted[]; rejected: RejectedRecord[] } {
  const accepted: Accepted[] = [];
  const rejected: RejectedRecord[] = [];
  for (const record of records) {
    if (isRejected(record)) rejected.push(record);
    else accepted.push(record);
  }
  return { accepted, rejected };
}
