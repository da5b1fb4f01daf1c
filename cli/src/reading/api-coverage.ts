import {
  DAY_MS,
  type EpochMs,
  MINUTE_MS,
  PolytapeError,
  toRfc3339,
  windowStart,
} from "@polytape/market-model";
import { z } from "zod";
import type { Tools } from "../command.ts";
import { ANSWER_INCOMPLETE } from "../exit-status.ts";
import { shareText } from "../share-text.ts";
import type { ApiClient } from "./api-client.ts";
import { keptFields } from "./completeness.ts";
import { columns, type Format, rowWriter } from "./output.ts";
import { row, sayRows } from "./paged-list.ts";
import { readAnswer } from "./read-answer.ts";

const STATES = ["complete", "partial", "missing", "unknown"] as const;

const total = z.looseObject({
  ...{ stream: z.string(), complete: z.boolean().nullable() },
  ...{ complete_ms: z.number(), partial_ms: z.number(), missing_ms: z.number(), unknown_ms: z.number() },
});
const coverageAnswer = z.object({ data: z.array(row), totals: z.array(total), ...keptFields.shape });
type CoverageAnswer = z.output<typeof coverageAnswer>;

const ENTRIES = columns(["from", "to", "state", "cause", "market_id"], ["stream", "asset_id", "evidence"]);

interface Stretch {
  readonly fromMs: EpochMs;
  readonly toMs: EpochMs;
}

interface Question extends Stretch {
  readonly market: string | undefined;
  readonly stream: string;
}

/**
 * Prints the ledger's entries as the API gives them, oldest first, and tells on the side how much time is in which
 * state. A later entry may have settled an earlier one, so the totals decide the exit status.
 */
export async function printApiCoverage(
  { format = "table", ...question }: Question & { readonly format: Format | undefined },
  tools: Tools,
): Promise<void> {
  const api = await tools.api();
  const whole = await askCoverage(api, question);
  const parts = await partsOf(api, question, whole);
  // An entry that reaches over the end of a part is in both.
  const entries = new Map(parts.flatMap(({ data }) => data.map((each) => [JSON.stringify(each), each])));
  rowWriter(format, ENTRIES, tools.print)([...entries.values()]);
  sayRows({ rows: entries.size, more: false, pages: [] }, tools);
  for (const each of whole.totals) tools.tell(totalText(each));
  const cuts = parts.filter(({ truncated_by }) => truncated_by !== null);
  for (const { truncated_by, retention_from } of cuts.slice(0, 1))
    tools.tell(
      truncated_by === "limit"
        ? "There are more entries of one minute than the API gives."
        : `What was before ${retention_from} is no longer kept.`,
    );
  if (whole.totals.every(({ complete }) => complete === true) && cuts.length === 0) return;
  throw new PolytapeError("operating", ANSWER_INCOMPLETE, "Not all of this stretch is proven complete.");
}

/** The answer, or, when it was cut, those of its halves. */
async function partsOf(
  api: ApiClient,
  question: Question,
  answer: CoverageAnswer,
): Promise<readonly CoverageAnswer[]> {
  if (answer.truncated_by !== "limit" || question.toMs - question.fromMs <= MINUTE_MS) return [answer];
  const middleMs = middleOf(question);
  const first = { ...question, toMs: middleMs };
  const second = { ...question, fromMs: middleMs };
  return [
    ...(await partsOf(api, first, await askCoverage(api, first))),
    ...(await partsOf(api, second, await askCoverage(api, second))),
  ];
}

/** A midnight where there is one inside, because the ledger is kept by days: nothing reaches over it twice. */
function middleOf({ fromMs, toMs }: Stretch): EpochMs {
  const middleMs = Math.floor((fromMs + toMs) / 2);
  const midnightMs = [0, DAY_MS].map((laterMs) => windowStart(middleMs, DAY_MS) + laterMs);
  return midnightMs.find((ms) => ms > fromMs && ms < toMs) ?? middleMs;
}

function askCoverage(api: ApiClient, { market, stream, fromMs, toMs }: Question): Promise<CoverageAnswer> {
  const query = { market_id: market, stream, from: toRfc3339(fromMs), to: toRfc3339(toMs) };
  return readAnswer(api, "v1/coverage", query, coverageAnswer);
}

function totalText(total: CoverageAnswer["totals"][number]): string {
  const wholeMs = STATES.reduce((ms, state) => ms + total[`${state}_ms`], 0);
  const parts = STATES.map((state) => `${state} ${shareText(total[`${state}_ms`], wholeMs)}`);
  return `${total.stream}: ${parts.join(", ")}.`;
}
