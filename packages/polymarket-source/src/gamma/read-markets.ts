import { hasCode, type Market, PolytapeError, type RejectedRecord } from "@polytape/market-model";
import { malformed, readAs } from "../http/read-as.ts";
import { refusedCursor } from "../http/refused-cursor.ts";
import { isRejected } from "../http/rejected.ts";
import type { Upstream, UpstreamAnswer } from "../http/upstream.ts";
import type { MarketPage, MarketPageQuery } from "../polymarket-source.ts";
import { polymarketMarketList, polymarketMarketPage } from "../wire/index.ts";
import { toMarket } from "./to-market.ts";

/** The upstream gives at most 100, and cuts without an error when asked for more. */
const PAGE_SIZE = "100";
/** URLs with more ids have been answered 403 by the protection in front. */
export const FIND_IDS_MAX = 40;
const KEYSET_PATH = "markets/keyset";

type MarketsFound = Omit<MarketPage, "nextCursor">;

const ORDERS: Record<MarketPageQuery["order"], [string, string][]> = {
  updated: [
    ["order", "updatedAt"],
    ["ascending", "false"],
  ],
  id: [
    ["order", "id"],
    ["ascending", "true"],
  ],
  newest: [
    ["order", "id"],
    ["ascending", "false"],
  ],
};

/** One page of the catalogue. The end is an absent `next_cursor`, never a short page. */
export async function readMarketPage(
  upstream: Upstream,
  gammaUrl: string,
  { closed, order, cursor }: MarketPageQuery,
): Promise<MarketPage> {
  const query: [string, string][] = [
    ["limit", PAGE_SIZE],
    ["closed", String(closed)],
    ["include_tag", "true"],
    ...ORDERS[order],
  ];
  if (cursor !== null) query.push(["after_cursor", cursor]);
  const answer = await upstream
    .read({ endpoint: "markets", baseUrl: gammaUrl, path: KEYSET_PATH, query })
    .catch(refusedCursor(cursor));

  const page = readAs(polymarketMarketPage, answer.json, KEYSET_PATH);
  const nextCursor = page.next_cursor || null;
  if (nextCursor !== null && nextCursor === cursor) throw malformed(KEYSET_PATH, "next_cursor does not move");
  return { ...sortOut(page.markets, answer), nextCursor };
}

/** Open ones first; what is not among them is asked for as closed, because one request never gives both. */
export async function findMarkets(
  upstream: Upstream,
  gammaUrl: string,
  marketIds: readonly string[],
): Promise<MarketsFound> {
  if (marketIds.length > FIND_IDS_MAX)
    throw new PolytapeError(
      "bug",
      "too_many_ids",
      `At most ${FIND_IDS_MAX} markets are looked up in one call.`,
    );
  const wanted = new Set(marketIds);
  const open = await findByState(upstream, gammaUrl, [...wanted], false);
  const found = new Set(open.markets.map((market) => market.marketId));
  const others = [...wanted].filter((id) => !found.has(id));
  const closed = await findByState(upstream, gammaUrl, others, true);
  return {
    markets: [...open.markets, ...closed.markets],
    rejected: [...open.rejected, ...closed.rejected],
    receivedAtMs: open.receivedAtMs,
  };
}

async function findByState(
  upstream: Upstream,
  gammaUrl: string,
  marketIds: readonly string[],
  closed: boolean,
): Promise<MarketsFound> {
  if (marketIds.length === 0) return { markets: [], rejected: [], receivedAtMs: upstream.now() };
  const query: [string, string][] = [
    ["limit", PAGE_SIZE],
    ["closed", String(closed)],
    ["include_tag", "true"],
    ...marketIds.map((id): [string, string] => ["condition_ids", id]),
  ];
  const answer = await upstream.read({ endpoint: "markets", baseUrl: gammaUrl, path: "markets", query });
  return sortOut(readAs(polymarketMarketList, answer.json, "markets"), answer);
}

/** One market by a path under `markets/`; null on 404, `upstream_malformed` when it cannot be read. */
export async function findMarket(upstream: Upstream, gammaUrl: string, path: string): Promise<Market | null> {
  const query: [string, string][] = [["include_tag", "true"]];
  const answer = await upstream
    .read({ endpoint: "markets", baseUrl: gammaUrl, path: `markets/${path}`, query })
    .catch((error: unknown) => {
      if (hasCode(error, "upstream_refused") && error.facts["status"] === 404) return null;
      throw error;
    });
  if (answer === null) return null;
  const market = toMarket(answer.json, answer.receivedAtMs);
  if (isRejected(market)) throw malformed(`markets/${path}`, market.reason);
  return market;
}

function sortOut(records: readonly unknown[], { receivedAtMs }: UpstreamAnswer): MarketsFound {
  const markets: Market[] = [];
  const rejected: RejectedRecord[] = [];
  for (const raw of records) {
    const market = toMarket(raw, receivedAtMs);
    if (isRejected(market)) rejected.push(market);
    else markets.push(market);
  }
  return { markets, rejected, receivedAtMs };
}
