import type { MarketStore } from "@polytape/market-store";
import { usage } from "./parse-command.ts";

/** How the help names a market. */
export const MARKET_NAMES = "condition id, Gamma id or slug; default all markets";

/**
 * The condition id that any name of a market means. Throws `usage` (input) for a name that neither the catalogue
 * nor a stored trade knows: numbers of a market that is not there would be those of all markets.
 */
export async function knownMarketId(
  store: Pick<MarketStore, "markets" | "trades">,
  anyId: string,
): Promise<string> {
  const marketId = await marketIdOf(store, anyId);
  const isKnown =
    marketId !== null &&
    ((await store.markets.findMarkets([marketId])).has(marketId) ||
      (await store.trades.findTrades({ marketId, sort: "desc", limit: 1 })).length > 0);
  if (isKnown) return marketId;
  throw unknown(anyId);
}

/** The same, but of a condition id it is not asked whether anybody here knows it. */
export async function nameMarket(openStore: () => Promise<MarketStore>, anyId: string): Promise<string> {
  const id = conditionId(anyId);
  if (id !== null) return id;
  const market = await (await openStore()).markets.findMarket(anyId);
  if (market) return market.marketId;
  throw unknown(anyId);
}

async function marketIdOf(store: Pick<MarketStore, "markets">, anyId: string): Promise<string | null> {
  return conditionId(anyId) ?? (await store.markets.findMarket(anyId))?.marketId ?? null;
}

function conditionId(anyId: string): string | null {
  const id = anyId.toLowerCase();
  return /^0x[0-9a-f]{64}$/.test(id) ? id : null;
}

function unknown(anyId: string) {
  return usage(`No market ${anyId} is known here: --market is a condition id, a Gamma id or a slug.`);
}
