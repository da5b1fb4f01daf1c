import { type EpochMs, toRfc3339 } from "@polytape/market-model";
import { z } from "zod";
import type { Tools } from "../command.ts";
import { shareText } from "../share-text.ts";
import { type Completeness, keptFields, sayCompleteness } from "./completeness.ts";
import { columns, type Format, type Row, rowWriter } from "./output.ts";
import { row, sayRows } from "./paged-list.ts";
import { readAnswer } from "./read-answer.ts";
import { readPages } from "./read-pages.ts";

const STATES = ["complete", "partial", "missing", "unknown"] as const;

const total = z.looseObject({
  ...{ stream: z.string(), complete: z.boolean().nullable() },
  ...{ complete_ms: z.number(), partial_ms: z.number(), missing_ms: z.number(), unknown_ms: z.number() },
});
const coverageAnswer = z.object({
  ...{ data: z.array(row), next_from: z.string().nullable(), totals: z.array(total) },
  ...keptFields.shape,
});
type CoverageAnswer = z.output<typeof coverageAnswer>;

const ENTRIES = columns(["from", "to", "state", "cause", "market_id"], ["stream", "asset_id", "evidence"]);

interface Question {
  readonly market: string | undefined;
  readonly stream: string;
  readonly fromMs: EpochMs;
  readonly toMs: EpochMs;
}

/**
 * Prints the ledger's entries as the API gives them, oldest first, and tells on the side how much time is in which
 * state. A later entry may have settled an earlier one, so the totals decide the exit status.
 */
export async function printApiCoverage(
  { market, stream, fromMs, toMs, format = "table" }: Question & { readonly format: Format | undefined },
  tools: Tools,
): Promise<void> {
  const api = await tools.api();
  const answers: CoverageAnswer[] = [];
  const seen = new Set<string>();
  const reading = await readPages(
    {
      first: { market_id: market, stream, from: toRfc3339(fromMs), to: toRfc3339(toMs) },
      rowsMax: null,
      follow: true,
      write: rowWriter(format, ENTRIES, tools.print),
      ask: async (query) => {
        const answer = await readAnswer(api, "v1/coverage", query, coverageAnswer);
        answers.push(answer);
        const { data, next_from } = answer;
        return {
          rows: data.filter((entry) => seen.size < seen.add(nameOf(entry)).size),
          next: next_from === null ? null : { ...query, from: next_from },
          completeness: completenessOf(answer, { fromMs, toMs }),
        };
      },
    },
    tools,
  );
  sayRows(reading, tools);
  for (const each of answers[0]?.totals ?? []) tools.tell(totalText(each));
  // The first answer speaks of the whole question.
  sayCompleteness(reading.pages.slice(0, 1), tools);
}

/** What reaches over the end of a page is listed again on the next, from another moment on. */
function nameOf({ stream, market_id, asset_id, to }: Row): string {
  return JSON.stringify([stream, market_id, asset_id, to]);
}

/** The bound of one answer is no cut, because the rest is read as well. */
function completenessOf(
  { totals, truncated_by, next_from, retention_from }: CoverageAnswer,
  { fromMs, toMs }: Pick<Question, "fromMs" | "toMs">,
): Completeness {
  const states = totals.map(({ complete }) => complete);
  const complete = states.includes(false) ? false : states.includes(null) ? null : true;
  const isPast = retention_from !== null && fromMs < Date.parse(retention_from);
  return {
    coverage: { complete, from: toRfc3339(fromMs), to: toRfc3339(toMs), gaps_total: 0, gaps: [] },
    truncatedBy: next_from === null ? truncated_by : isPast ? "retention" : null,
    retentionFrom: retention_from,
  };
}

function totalText(total: CoverageAnswer["totals"][number]): string {
  const wholeMs = STATES.reduce((ms, state) => ms + total[`${state}_ms`], 0);
  const parts = STATES.map((state) => `${state} ${shareText(total[`${state}_ms`], wholeMs)}`);
  return `${total.stream}: ${parts.join(", ")}.`;
}
