import type { JobReport } from "@polytape/function-runtime";
import { PolytapeError } from "@polytape/market-model";
import { type BuildCandlesDeps, buildWindows } from "./build-windows.ts";
import { messagesRefused, readBatch } from "./message-batch.ts";
import { touchedMinutes } from "./touched-windows.ts";

/**
 * Makes the candles of the windows that got trades: 1m from all their stored trades, the longer ones by
 * merging all 1m candles in them.
 *
 * A message only says where to look, never what happened there, so messages may come late, twice, in any
 * order or to two runs at once: each time the candle is computed anew from the store, and the same trades
 * give the same candle.
 */
export async function buildCandles(deps: BuildCandlesDeps, batch: readonly unknown[]): Promise<JobReport> {
  const { messages, refusals } = readBatch(batch);
  const minutes = touchedMinutes(messages);

  const { tooLarge, ...built } = await buildWindows(deps, minutes);

  const report = { messages: messages.length, minutes: minutes.length, ...built };
  if (refusals.length > 0) throw messagesRefused(refusals, report);
  if (tooLarge.length > 0) throw amountsTooLarge(tooLarge, report);
  return report;
}

/** Thrown last, when all else is done: these windows need a person, not another try. */
function amountsTooLarge(windows: readonly string[], report: JobReport): PolytapeError {
  return new PolytapeError(
    "input",
    "amount_too_large",
    `${windows.length} windows hold amounts beyond exact sums; they have no new candle.`,
    { facts: { ...report, windows: windows.slice(0, 10) } },
  );
}
