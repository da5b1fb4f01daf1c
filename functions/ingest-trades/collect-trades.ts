import type { JobReport } from "@polytape/function-runtime";
import { type IngestTradesParts, ingestTrades } from "./ingest-trades.ts";
import { type SettleTradesParts, settleTrades } from "./settle-trades.ts";
import { tapeStateSchema } from "./walk.ts";

/** One run: first the live tail, then, when it is at its end, a slice of the settle walk if one is due. */
export async function collectTrades(parts: IngestTradesParts & SettleTradesParts): Promise<JobReport> {
  const tail = await ingestTrades(parts);
  if (!parts.feed.isWhole) return tail;
  if (!["closed", "quiet"].includes(String(tail["walk"])) || parts.signal.aborted) return tail;
  const tape = tapeStateSchema.safeParse(
    (await parts.store.checkpoints.read(`trades:${parts.feed.name}`))?.state,
  );
  const settled = await settleTrades(parts, tape.data?.coveredFromSeconds ?? null);
  return { ...tail, ...settled };
}
