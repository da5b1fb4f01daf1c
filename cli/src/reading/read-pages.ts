import { PolytapeError } from "@polytape/market-model";
import type { Tools } from "../command.ts";
import type { Query } from "./api-client.ts";
import type { Completeness } from "./completeness.ts";
import type { Row } from "./output.ts";

/** One answer to a question that may need several. */
export interface Page {
  readonly rows: readonly Row[];
  /** What asks for the rest; null: this was all. */
  readonly next: Query | null;
  readonly completeness: Completeness;
}

export interface Question {
  readonly first: Query;
  /** `rowsWanted` is null when all are. */
  readonly ask: (query: Query, rowsWanted: number | null) => Promise<Page>;
  /** Rows to read in all; null: whatever there is. */
  readonly rowsMax: number | null;
  /** Whether to go on after the first page. */
  readonly follow: boolean;
  readonly write: (rows: readonly Row[]) => void;
}

export interface Reading {
  readonly rows: number;
  /** Whether rows are left that nobody asked for. */
  readonly more: boolean;
  /** Of each page, in order. */
  readonly pages: readonly Completeness[];
}

const PROGRESS_EVERY_MS = 2_000;

/**
 * Reads page after page and writes each as it comes. A long reading tells how far it is; one that breaks off
 * tells that what was written is not whole, and throws what broke it.
 */
export async function readPages(
  { first, ask, rowsMax, follow, write }: Question,
  tools: Pick<Tools, "now" | "tell">,
): Promise<Reading> {
  const pages: Completeness[] = [];
  let toldAtMs = tools.now();
  let rows = 0;
  for (let query = first; ; ) {
    const wanted = rowsMax === null ? null : rowsMax - rows;
    const page = await ask(query, wanted).catch((error: unknown) => {
      if (rows > 0) tools.tell(`Broke off after ${rows} rows: what is printed is not whole.`);
      throw error;
    });
    const taken = wanted === null ? page.rows : page.rows.slice(0, wanted);
    write(taken);
    rows += taken.length;
    pages.push(page.completeness);
    const left = taken.length < page.rows.length || page.next !== null;
    if (!left || page.next === null || !follow || rows === rowsMax) return { rows, more: left, pages };
    requireProgress(query, page.next);
    query = page.next;
    if (tools.now() - toldAtMs >= PROGRESS_EVERY_MS) {
      toldAtMs = tools.now();
      tools.tell(`${rows} rows so far`);
    }
  }
}

/** A page that leads to itself would be read for ever. */
function requireProgress(query: Query, next: Query): void {
  if (JSON.stringify(query) !== JSON.stringify(next)) return;
  throw new PolytapeError(
    "operating",
    "api_answer_invalid",
    "The API answers with a page that leads to itself.",
  );
}
