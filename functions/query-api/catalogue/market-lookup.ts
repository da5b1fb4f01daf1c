import type { EpochMs } from "@polytape/market-model";
import type { MarketCatalogue, StoredMarket } from "@polytape/market-store";
import { createExpiringCache } from "./expiring-cache.ts";

const KEPT_MS = 30_000;
/** A market that is not there may appear at any moment, so that is remembered for a shorter while. */
const ABSENT_KEPT_MS = 2_000;
const ENTRIES_MAX = 2_000;
/** As many as one read of the catalogue takes. */
const MARKETS_PER_READ_MAX = 1_000;

/** Markets by their names, remembered for a short while: what is asked of them (names, tokens) hardly changes. */
export interface MarketLookup {
  /** By condition id, Gamma id or slug. */
  find(anyId: string): Promise<StoredMarket | null>;
  /** By condition id; unknown ones are absent. */
  findMany(marketIds: Iterable<string>): Promise<Map<string, StoredMarket>>;
}

export function createMarketLookup(
  catalogue: Pick<MarketCatalogue, "findMarket" | "findMarkets">,
  now: () => EpochMs,
): MarketLookup {
  const known = createExpiringCache<StoredMarket | null>(ENTRIES_MAX);
  const underway = new Map<string, Promise<StoredMarket | null>>();

  function remember(key: string, market: StoredMarket | null): void {
    known.set(key, market, now() + (market ? KEPT_MS : ABSENT_KEPT_MS));
  }

  async function readOne(anyId: string): Promise<StoredMarket | null> {
    try {
      const market = await catalogue.findMarket(anyId);
      remember(anyId, market);
      return market;
    } finally {
      underway.delete(anyId);
    }
  }

  return {
    async find(anyId) {
      const remembered = known.get(anyId, now());
      if (remembered !== undefined) return remembered;
      const reading = underway.get(anyId) ?? readOne(anyId);
      underway.set(anyId, reading);
      return reading;
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
  };
}
