import type { JobReport } from "@polytape/function-runtime";
import { SECOND_MS } from "@polytape/market-model";
import { type IngestTradesParts, ingestTrades } from "./ingest-trades.ts";
import { type RepairGapsParts, repairGaps } from "./repair-gaps.ts";
import { type SettleTradesParts, settleTrades } from "./settle-trades.ts";
import { tapeStateSchema } from "./walk.ts";

export type CollectTradesParts = IngestTradesParts &
  SettleTradesParts & { readonly bus: RepairGapsParts["bus"] };

/**
 * One run: first the live tail, then, when it is at its end, a slice of the settle walk if one is due, and when that has
 * settled something, a look for gaps that the upstream may serve again.
 */
export async function collectTrades(given: CollectTradesParts): Promise<JobReport> {
  const parts = { ...given, feed: { ...given.feed, isWhole: provesTheTape(given.feed) } };
  const tail = await ingestTrades(parts);
  if (!parts.feed.isWhole) return tail;
  if (!["closed", "quiet"].includes(String(tail["walk"])) || parts.signal.aborted) return tail;
  const tape = tapeStateSchema.safeParse(
    (await parts.store.checkpoints.read(`trades:${parts.feed.name}`))?.state,
  );
  const fromSeconds = tape.data?.coveredFromSeconds ?? null;
  const settled = await settleTrades(parts, fromSeconds);
  if (fromSeconds === null || settled?.["settle"] !== "complete") return { ...tail, ...settled };
  const toSeconds = Date.parse(String(settled["settled_to"])) / SECOND_MS;
  return { ...tail, ...settled, ...(await repairGaps(parts, { fromSeconds, toSeconds })) };
}

/** The ledger speaks of taker rows, from which candles and volume are made; rows of all parties are stored apart. */
export function provesTheTape({ isWhole, rowSet }: IngestTradesParts["feed"]): boolean {
  return isWhole && rowSet === "taker";
}
