import type { EpochMs, Market } from "@polytape/market-model";
import type { MarketCatalogue, MarketQuery, StoredMarket, StoredMarkets } from "../market-store.ts";
import { NO_CLOSE_TIME_MS } from "../markets/market-document.ts";
import { decideMarket, roundsOf, type TrackedContent } from "../markets/market-versions.ts";
import { checkIdCount, checkResultWindow } from "../store-errors.ts";

export type MarketHistory = (marketId: string) => { observedAtMs: EpochMs; content: TrackedContent }[];

export function inMemoryMarkets(now: () => EpochMs): MarketCatalogue & { history: MarketHistory } {
  const stored = new Map<string, StoredMarket>();
  const changes = new Map<string, { marketId: string; observedAtMs: EpochMs; content: TrackedContent }>();

  function storeMarket(observed: Market, observedAtMs: EpochMs): keyof Omit<StoredMarkets, "changes"> {
    const { write, market, change } = decideMarket(stored.get(observed.marketId), observed, observedAtMs);
    if (write === "nothing") return "unchanged";
    if (change && !changes.has(change.id))
      changes.set(change.id, { marketId: market.marketId, observedAtMs, content: change.content });
    stored.set(market.marketId, { ...structuredClone(market), observedAtMs, ingestedAtMs: now() });
    return write === "create" ? "created" : "updated";
  }

  return {
    async storeMarkets(markets, observedAtMs) {
      const counts = { created: 0, updated: 0, unchanged: 0 };
      const changesBefore = changes.size;
      for (const market of roundsOf(markets).flat()) counts[storeMarket(market, observedAtMs)] += 1;
      return { ...counts, changes: changes.size - changesBefore };
    },
    async findMarkets(marketIds) {
      checkIdCount(marketIds.length);
      return new Map(marketIds.flatMap((id) => entryOf(stored.get(id))));
    },
    async findMarket(anyId) {
      const isIt = (market: StoredMarket) => market.gammaId === anyId || market.slug === anyId;
      return stored.get(anyId.toLowerCase()) ?? [...stored.values()].find(isIt) ?? null;
    },
    async lastUpdatedMarket(upToMs) {
      const updated = [...stored.values()].filter(({ updatedAtMs }) => (updatedAtMs ?? Infinity) <= upToMs);
      return updated.sort((a, b) => (b.updatedAtMs ?? 0) - (a.updatedAtMs ?? 0))[0] ?? null;
    },
    async searchMarkets(query) {
      checkResultWindow(query);
      const found = [...stored.values()].filter((market) => matches(market, query)).sort(compareMarkets);
      const from = query.offset ?? 0;
      const markets = found.slice(from, from + query.limit);
      const last = markets.length === query.limit ? markets.at(-1) : undefined;
      return { markets, next: last ? positionOf(last) : null };
    },
    async mostActiveMarkets(limit) {
      return [...stored.values()]
        .filter((market) => market.status === "open" && market.acceptingOrders === true)
        .sort((a, b) => (b.volume24h ?? -1) - (a.volume24h ?? -1) || compareText(a.marketId, b.marketId))
        .slice(0, limit);
    },
    history: (marketId) =>
      [...changes.values()]
        .filter((change) => change.marketId === marketId)
        .map(({ observedAtMs, content }) => ({ observedAtMs, content })),
  };
}

function entryOf(market: StoredMarket | undefined): [string, StoredMarket][] {
  return market ? [[market.marketId, market]] : [];
}

function matches(market: StoredMarket, query: MarketQuery): boolean {
  if (query.category !== undefined && market.category !== query.category) return false;
  if (query.status !== undefined && market.status !== query.status) return false;
  if (query.closeFromMs !== undefined && (market.closeTimeMs ?? -Infinity) < query.closeFromMs) return false;
  if (query.closeToMs !== undefined && (market.closeTimeMs ?? Infinity) >= query.closeToMs) return false;
  if (query.after && comparePositions(positionOf(market), query.after) <= 0) return false;
  const words = new Set(wordsOf(`${market.title} ${market.description ?? ""}`));
  return wordsOf(query.text ?? "").every((word) => words.has(word));
}

function wordsOf(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}]+(?:['’.][\p{L}\p{N}]+)*/gu) ?? [];
}

function positionOf(market: StoredMarket): readonly [number, string] {
  return [market.closeTimeMs ?? NO_CLOSE_TIME_MS, market.marketId];
}

function compareMarkets(a: StoredMarket, b: StoredMarket): number {
  return comparePositions(positionOf(a), positionOf(b));
}

/** Close time newest first, then market id. */
function comparePositions(a: readonly [number, string], b: readonly [number, string]): number {
  return b[0] - a[0] || compareText(a[1], b[1]);
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
