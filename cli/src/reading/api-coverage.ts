import { type EpochMs, PolytapeError, toRfc3339 } from "@polytape/market-model";
import { z } from "zod";
import type { Tools } from "../command.ts";
import { ANSWER_INCOMPLETE } from "../exit-status.ts";
import { keptFields } from "./completeness.ts";
import { columns, type Format, rowWriter } from "./output.ts";
import { readAnswer } from "./read-answer.ts";

const entry = z.looseObject({
  from: z.string(),
  to: z.string(),
  state: z.string(),
  cause: z.string().nullable(),
});
const coverageAnswer = z.object({
  data: z.array(entry),
  totals: z.array(z.looseObject({ stream: z.string(), complete: z.boolean().nullable() })),
  ...keptFields.shape,
});

const TOTALS = columns(["stream", "complete", "complete_ms", "partial_ms", "missing_ms", "unknown_ms"], []);
const ENTRIES_TOLD_MAX = 20;

/**
 * Prints what the API says of a stretch: how much time is in which state. Entries of the ledger that are not
 * `complete` are told on the side; a later entry may have settled them, so the totals decide the exit status.
 */
export async function printApiCoverage(
  question: {
    market: string | undefined;
    stream: string;
    fromMs: EpochMs;
    toMs: EpochMs;
    format: Format | undefined;
  },
  tools: Tools,
): Promise<void> {
  const { market, stream, fromMs, toMs, format = "table" } = question;
  const query = { market_id: market, stream, from: toRfc3339(fromMs), to: toRfc3339(toMs) };
  const answer = await readAnswer(await tools.api(), "v1/coverage", query, coverageAnswer);
  rowWriter(format, TOTALS, tools.print)(answer.totals);
  if (answer.totals.every(({ complete }) => complete === true) && answer.truncated_by === null) return;
  const open = answer.data.filter(({ state }) => state !== "complete");
  for (const { from, to, state, cause } of open.slice(-ENTRIES_TOLD_MAX))
    tools.tell(`entry: ${from} to ${to} ${state}${cause ? ` (${cause})` : ""}`);
  if (open.length > ENTRIES_TOLD_MAX) tools.tell(`and ${open.length - ENTRIES_TOLD_MAX} older entries`);
  throw new PolytapeError("operating", ANSWER_INCOMPLETE, "Not all of this stretch is proven complete.");
}
