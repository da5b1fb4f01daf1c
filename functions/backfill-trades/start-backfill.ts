import { randomUUID } from "node:crypto";
import { type Market, PolytapeError, SECOND_MS } from "@polytape/market-model";
import { type BackfillList, createBackfill, readBackfill, type StoredBackfill } from "./backfill-list.ts";
import { type BackfillRequest, newBackfill } from "./backfill-state.ts";
import type { BackfillTradesParts } from "./backfill-trades.ts";

/**
 * Makes what was asked for a running backfill. The caller has seen that none runs under this id. No job is sent: until
 * its first rows are stored, it is the tick that sends one.
 */
export async function startBackfill(
  { store, now, settleSeconds, log }: BackfillTradesParts,
  list: BackfillList,
  request: BackfillRequest,
): Promise<StoredBackfill> {
  // The list first: a name without a state is passed over, a state without a name would never be found.
  const entry = list.entries.find(({ id }) => id === request.id);
  if (!entry?.open) await list.put({ id: request.id, open: true });
  const fresh = newBackfill(request, { walkId: randomUUID(), nowMs: now(), settleSeconds });
  log.info("backfill_starts", { backfill: request.id, from: request.fromSeconds, to: request.toSeconds });
  return createBackfill(store.checkpoints, { ...fresh, awaitsTick: true });
}

/** What is there under the id of a request, running or over. */
export function findStarted(
  { store }: BackfillTradesParts,
  { id }: BackfillRequest,
): Promise<StoredBackfill | null> {
  return readBackfill(store.checkpoints, id);
}

/**
 * When the market came to be, seconds; null: not known. The upstream answers for a market that does not exist as for one without trades, which would be proof of nothing.
 * Throws `unknown_market` (input) when neither the catalogue nor the venue has it.
 */
export async function findMarketStart(
  { store, source }: BackfillTradesParts,
  marketId: string,
): Promise<number | null> {
  const known = (await store.markets.findMarkets([marketId])).get(marketId);
  if (known) return createdAtSeconds(known);
  const { markets, rejected } = await source.findMarkets([marketId]);
  const [market] = markets;
  if (market) return createdAtSeconds(market);
  if (rejected.length > 0) return null;
  throw new PolytapeError("input", "unknown_market", `market_id: the venue knows no market ${marketId}.`);
}

function createdAtSeconds({ createdAtMs }: Pick<Market, "createdAtMs">): number | null {
  return createdAtMs === null ? null : Math.floor(createdAtMs / SECOND_MS);
}
