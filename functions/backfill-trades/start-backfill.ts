import { randomUUID } from "node:crypto";
import { PolytapeError } from "@polytape/market-model";
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
 * The upstream answers for a market that does not exist as for one without trades, which would be proof of nothing.
 * Throws `unknown_market` (input) when neither the catalogue nor the venue has it.
 */
export async function refuseUnknownMarket(
  { store, source }: BackfillTradesParts,
  marketId: string,
): Promise<void> {
  if ((await store.markets.findMarkets([marketId])).has(marketId)) return;
  const { markets, rejected } = await source.findMarkets([marketId]);
  if (markets.length > 0 || rejected.length > 0) return;
  throw new PolytapeError("input", "unknown_market", `The venue knows no market ${marketId}.`);
}
