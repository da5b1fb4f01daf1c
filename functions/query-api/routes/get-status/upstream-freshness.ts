import { type EpochMs, HOUR_MS, SECOND_MS } from "@polytape/market-model";
import type { MarketStore } from "@polytape/market-store";
import { z } from "zod";
import { moment, momentOrNull } from "../../http/parameters.ts";

export const upstreamFreshness = z
  .object({
    lag_ms: z.int().nonnegative().nullable().meta({
      description: "How far the venue's data API said that it lags behind the chain; null: not known.",
    }),
    checked_at: moment.nullable().meta({ description: "When it said so." }),
    settled_to: moment.nullable().meta({
      description: "End of the newest stretch of trades that was read again after settling, and is complete.",
    }),
  })
  .meta({ id: "UpstreamFreshness" });

/** Older than this is no news any more. */
const LOOK_BACK_MS = 6 * HOUR_MS;
/** As many as the ledger keeps of two days, which so many hours touch at most. */
const STATEMENTS_MAX = 4_000;
const evidence = z.object({ upstream_lag_s: z.number().nonnegative() });

/** As the newest settle walk wrote it into the ledger. */
export async function readUpstreamFreshness(
  store: MarketStore,
  nowMs: EpochMs,
): Promise<z.output<typeof upstreamFreshness>> {
  const ofAllMarkets = await store.coverage.findIntervals({
    stream: "trades",
    marketId: null,
    fromMs: nowMs - LOOK_BACK_MS,
    toMs: nowMs,
    limit: STATEMENTS_MAX,
  });
  const looks = ofAllMarkets.flatMap((statement) => {
    const read = evidence.safeParse(statement.evidence);
    return read.success ? [{ atMs: statement.declaredAtMs, lagSeconds: read.data.upstream_lag_s }] : [];
  });
  const last = looks.sort((a, b) => a.atMs - b.atMs).at(-1);
  const ends = ofAllMarkets.filter(({ state }) => state === "complete").map(({ toMs }) => toMs);
  return {
    lag_ms: last ? Math.round(last.lagSeconds * SECOND_MS) : null,
    checked_at: momentOrNull(last?.atMs ?? null),
    settled_to: momentOrNull(ends.length > 0 ? Math.max(...ends) : null),
  };
}
