import { z } from "zod";
import type { Tools } from "../command.ts";
import { count } from "../options.ts";
import { usage } from "../parse-command.ts";
import type { Query } from "./api-client.ts";
import { type Completeness, coverageBlock, keptFields, sayCompleteness } from "./completeness.ts";
import { type Column, type Format, rowWriter } from "./output.ts";
import { readAnswer } from "./read-answer.ts";
import { type Page, type Reading, readPages } from "./read-pages.ts";

/** As many rows as the API gives at once. */
const PAGE_ROWS_MAX = 1_000;
const ROWS_DEFAULT = 100;

export const all = z
  .literal(true)
  .optional()
  .meta({ description: "everything there is, however long it takes" });

export const rowLimit = count(`rows in all, over several pages if need be; default ${ROWS_DEFAULT}`, {
  min: 1,
  max: 100_000_000,
}).optional();

export const row = z.record(z.string(), z.unknown());

const pageAnswer = z.object({
  data: z.array(row),
  next_cursor: z.string().nullable(),
  as_of: z.string(),
  coverage: coverageBlock,
  ...keptFields.shape,
});

/** An option that the API itself reads, and refuses with a sentence. */
export function asked(description: string) {
  return z.string().optional().meta({ description });
}

/** A time that the API reads, or a UTC day: its start. The API's own refusal would not tell of days. */
export function askedMoment(description: string) {
  const day = z.iso.date().transform((text) => `${text}T00:00:00Z`);
  return z
    .union(
      [day, z.iso.datetime({ offset: true }), z.string().regex(/^\d+$/)],
      "must be a day (2026-11-22), a moment (2026-11-22T10:00:00Z), or seconds or milliseconds since the epoch",
    )
    .optional()
    .meta({ description: `${description}: a day or a moment` });
}

/** Prints a paged list, following its cursors as far as asked, and ends with what it is known to lack. */
export async function printList(
  { path, query, columns }: { path: string; query: Query; columns: readonly Column[] },
  options: { all?: true | undefined; limit?: number | undefined; format?: Format | undefined },
  tools: Tools,
): Promise<void> {
  if (options.all && options.limit !== undefined) throw usage("either --all or --limit, not both.");
  const api = await tools.api();
  const reading = await readPages(
    {
      first: query,
      rowsMax: options.all ? null : (options.limit ?? ROWS_DEFAULT),
      follow: true,
      write: rowWriter(options.format ?? "table", columns, tools.print),
      ask: async (query, wanted) => {
        const limit = String(Math.min(wanted ?? PAGE_ROWS_MAX, PAGE_ROWS_MAX));
        return pageOf(query, await readAnswer(api, path, { ...query, limit }, pageAnswer));
      },
    },
    tools,
  );
  sayRows(reading, tools);
  // All pages look at what had arrived before the first: what was known then is what these rows are.
  sayCompleteness(reading.pages.slice(0, 1), tools);
}

export function sayRows({ rows, more }: Reading, tools: Pick<Tools, "tell">): void {
  const left = more ? " There are more: --limit says how many, --all reads them to the end." : "";
  tools.tell(`${rows} ${rows === 1 ? "row" : "rows"}.${left}`);
}

export function completenessOf(answer: {
  coverage: Completeness["coverage"];
  truncated_by: Completeness["truncatedBy"];
  retention_from: string | null;
}): Completeness {
  return {
    coverage: answer.coverage,
    truncatedBy: answer.truncated_by,
    retentionFrom: answer.retention_from,
  };
}

function pageOf(query: Query, answer: z.output<typeof pageAnswer>): Page {
  return {
    rows: answer.data,
    next: answer.next_cursor === null ? null : { ...query, cursor: answer.next_cursor },
    completeness: completenessOf(answer),
  };
}
