import { type JobReport, withReport } from "@polytape/function-runtime";
import { SECOND_MS } from "@polytape/market-model";
import { type IngestTradesParts, ingestTrades } from "./ingest-trades.ts";
import { type RepairGapsParts, repairGaps } from "./repair-gaps.ts";
import { type SettleTradesParts, settleTrades } from "./settle-trades.ts";
import { tellReach } from "./tell-reach.ts";
import { tapeStateSchema } from "./walk.ts";

export type CollectTradesParts = IngestTradesParts &
  SettleTradesParts & { readonly bus: RepairGapsParts["bus"] };

/**
 * One run: first the live tail, then, when it is at its end, a slice of the settle walk if one is due, and when that has
 * settled something, a look for gaps that the upstream may serve again. At last it says how far the tape reaches.
 */
export async function collectTrades(given: CollectTradesParts): Promise<JobReport> {
  const parts = { ...given, feed: { ...given.feed, isWhole: provesTheTape(given.feed) } };
  const tail = await ingestTrades(parts);
  const isAtEnd = ["closed", "quiet"].includes(String(tail["walk"]));
  const settles = parts.feed.isWhole && isAtEnd && !parts.signal.aborted;
  try {
    const settled = settles ? await settleAndRepair(parts) : null;
    return { ...tail, ...settled, ...(await tellReach(parts.store, parts.feed)) };
  } catch (error) {
    throw withReport(error, tail);
  }
}

async function settleAndRepair(parts: CollectTradesParts): Promise<JobReport | null> {
  const tape = tapeStateSchema.safeParse(
    (await parts.store.checkpoints.read(`trades:${parts.feed.name}`))?.state,
  );
  const fromSeconds = tape.data?.coveredFromSeconds ?? null;
  const settled = await settleTrades(parts, fromSeconds);
  if (fromSeconds === null || settled?.["settle"] !== "complete") return settled;
  const toSeconds = Date.parse(String(settled["settled_to"])) / SECOND_MS;
  return { ...settled, ...(await repairGaps(parts, { fromSeconds, toSeconds })) };
}

/** The ledger speaks of taker rows, from which candles and volume are made; rows of all parties are stored apart. */
export function provesTheTape({ isWhole, rowSet }: IngestTradesParts["feed"]): boolean {
  return isWhole && rowSet === "taker";
}
