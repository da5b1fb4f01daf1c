import type { EpochMs } from "@polytape/market-model";
import type { MarketCatalogue, StoredMarket } from "@polytape/market-store";
import { createExpiringCache } from "./expiring-cache.ts";

const KEPT_MS = 30_000;
/** A market that is not there may appear at any moment, so that is remembered for a shorter while. */
const ABSENT_KEPT_MS = 2_000;
const ENTRIES_MAX = 2_000;
/** As many as one read of the catalogue takes. */
const MARKETS_PER_READ_MAX = 1_000;

/** Markets by their names, as one question reads them. */
export interface MarketLookup {
  /** By condition id, Gamma id or slug. */
  find(anyId: string): Promise<StoredMarket | null>;
  /** By condition id; unknown ones are absent. */
  findMany(marketIds: Iterable<string>): Promise<Map<string, StoredMarket>>;
}

/**
 * Look-ups that remember together for a short while what any of them has read: what is asked of markets (names, tokens)
 * hardly changes. Each reads the catalogue that it is given, so that a question that is given up ends its own reading
 * and nobody else's.
 */
export function createMarketLookups(
  now: () => EpochMs,
): (catalogue: Pick<MarketCatalogue, "findMarket" | "findMarkets">) => MarketLookup {
  const known = createExpiringCache<StoredMarket | null>(ENTRIES_MAX);

  function remember(key: string, market: StoredMarket | null): void {
    known.set(key, market, now() + (market ? KEPT_MS : ABSENT_KEPT_MS));
  }

  return (catalogue) => ({
    async find(anyId) {
      const remembered = known.get(anyId, now());
      if (remembered !== undefined) return remembered;
      const market = await catalogue.findMarket(anyId);
      remember(anyId, market);
      return market;
    },
    async findMany(marketIds) {
      const found = new Map<string, StoredMarket>();
      const absent: string[] = [];
      for (const id of new Set(marketIds)) {
        const market = known.get(id, now());
        if (market) found.set(id, market);
        else if (market === undefined) absent.push(id);
      }
      for (let start = 0; start < absent.length; start += MARKETS_PER_READ_MAX) {
        const ids = absent.slice(start, start + MARKETS_PER_READ_MAX);
        const read = await catalogue.findMarkets(ids);
        for (const id of ids) remember(id, read.get(id) ?? null);
        for (const [id, market] of read) found.set(id, market);
      }
      return found;
    },
  });
}
