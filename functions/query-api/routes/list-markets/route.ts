import { toRfc3339 } from "@polytape/market-model";
import { z } from "zod";
import { marketAnswer, marketAnswerOf } from "../../catalogue/market-answer.ts";
import { coverageBlock, coverageBlockOf } from "../../completeness/coverage-block.ts";
import { keptFields, requireOrder } from "../../completeness/kept-range.ts";
import { formatParameter } from "../../http/answer-format.ts";
import { nextCursor, pageStart } from "../../http/page-cursor.ts";
import { pageFields } from "../../http/page-fields.ts";
import {
  cursorParameter,
  LAST_MOMENT_MS,
  limitParameter,
  moment,
  momentParameter,
  pageParameter,
} from "../../http/parameters.ts";
import { defineRoute } from "../../http/route.ts";

const query = z.strictObject({
  q: z
    .string()
    // Without a word the search would be no condition at all, and answer with every market.
    .refine(
      (text) => /[\p{L}\p{N}]/u.test(text) && text.length <= 200,
      "must be 1 to 200 characters, with a letter or digit",
    )
    .optional()
    .meta({ description: "Words that the title or the description holds; at least one letter or digit." }),
  category: z
    .string()
    .refine((text) => /^[a-z0-9-]{1,64}$/.test(text), "must be a category, such as politics")
    .optional()
    .meta({
      description: "A topic, as `data[].category` says it; one that no market has gives an empty list.",
      examples: ["politics"],
    }),
  status: z
    .enum(["open", "closed", "resolved"], "must be open, closed or resolved")
    .optional()
    .meta({ description: "closed: trading ended; resolved: the winner is known." }),
  from: momentParameter("Earliest close_time, included.").optional(),
  to: momentParameter("Latest close_time, excluded.").optional(),
  page: pageParameter,
  limit: limitParameter,
  cursor: cursorParameter,
  format: formatParameter,
});

/** Where a market stands: its close time (a moment before all for none), and its id. */
const marketPlace = z.tuple([z.int().max(LAST_MOMENT_MS), z.string().max(256)]);

/** Markets, those that close last first. */
export const listMarkets = defineRoute({
  name: "list-markets",
  path: "/v1/markets",
  summary: "Markets",
  description:
    "Markets by words, category, status and close time; those that close last come first, those without a close time at the end. Markets change, so a list read over minutes may show one market in two states of the world.",
  access: "key",
  parts: z.strictObject({}),
  query,
  answer: z.object({
    data: z.array(marketAnswer),
    ...pageFields,
    as_of: moment.meta({
      description:
        "Every market that had arrived by then is in the list; later markets and changes may be too. Not a snapshot.",
    }),
    coverage: coverageBlock,
    ...keptFields,
  }),
  refusals: ["invalid_cursor", "page_too_deep"],
  freshSeconds: 5,
  list: { field: "data", row: marketAnswer },
  async handle(api, { query, nowMs }) {
    requireOrder(query);
    const { q, category, status, from, to } = query;
    const question = ["markets", q, category, status, from, to];
    const start = pageStart(query, question, nowMs, marketPlace);
    const { markets, next } = await api.store.markets.searchMarkets({
      text: q,
      category,
      status,
      closeFromMs: from,
      closeToMs: to,
      limit: start.limit,
      ...(start.after ? { after: start.after } : { offset: start.offset }),
    });
    return {
      data: markets.map(marketAnswerOf),
      page: start.page,
      limit: start.limit,
      next_cursor: next && nextCursor(start, next, markets.length, question),
      as_of: toRfc3339(start.asOfMs),
      coverage: catalogueCoverage(start.asOfMs),
      truncated_by: null,
      retention_from: null,
    };
  },
});

/** The ledger does not speak about the catalogue: whether a market is missing in it is not known. */
function catalogueCoverage(toMs: number) {
  const never = { fromMs: 0, toMs, state: "unknown" as const, cause: null };
  return coverageBlockOf([never], { fromMs: 0, toMs, openStart: true });
}
