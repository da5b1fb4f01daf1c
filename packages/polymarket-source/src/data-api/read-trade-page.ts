import { PolytapeError } from "@polytape/market-model";
import type { Upstream } from "../http/upstream.ts";
import type { TradePage, TradePageQuery } from "../polymarket-source.ts";
import { readTradePageV1 } from "./read-trade-page-v1.ts";
import { readTradePageV2 } from "./read-trade-page-v2.ts";
import { type AbsentRoutes, isRouteAbsent } from "./route-absent.ts";
import { isV1Cursor } from "./v1-place.ts";

/** The name of v2's trades among the absent routes. */
export const TRADES_V2 = "v2/trades";

/**
 * One page of trades: by v2, and by v1 while the upstream says that it has no v2. A walk keeps the version it
 * began with: its cursors are refused by the other one, and it begins anew at the head.
 */
export async function readTradePage(
  upstream: Upstream,
  dataUrl: string,
  absent: AbsentRoutes,
  query: TradePageQuery,
): Promise<TradePage> {
  if (query.cursor !== null && isV1Cursor(query.cursor)) return readTradePageV1(upstream, dataUrl, query);
  if (query.cursor === null && absent.has(TRADES_V2, upstream.now()))
    return readTradePageV1(upstream, dataUrl, query);
  try {
    return await readTradePageV2(upstream, dataUrl, query);
  } catch (error) {
    if (!isRouteAbsent(error)) throw error;
    absent.note(TRADES_V2, upstream.now());
    if (query.cursor === null) return readTradePageV1(upstream, dataUrl, query);
    throw new PolytapeError("operating", "cursor_refused", "Polymarket no longer serves v2 trades.", {
      facts: { ...error.facts, version_changed: true },
      cause: error,
    });
  }
}
