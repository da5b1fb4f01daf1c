import { PolytapeError } from "@polytape/market-model";
import { isUnreadable, refusalCode, sentenceOf } from "./refusal-code.ts";

/** No answer, or one that only says "not now". */
export function storeUnavailable(
  cause: unknown,
  facts: Readonly<Record<string, unknown>> = {},
): PolytapeError {
  return new PolytapeError("operating", "store_unavailable", "The store does not answer.", { facts, cause });
}

/** An answer, and it is no. */
export function storeRefused(
  what: string,
  facts: Readonly<Record<string, unknown>>,
  cause?: unknown,
): PolytapeError {
  return new PolytapeError("operating", "store_refused", `The store refused ${what}.`, { facts, cause });
}

/**
 * As `storeRefused`, with a code that says why where the server's words tell: see `RefusalCode`. Kind `bug` where what
 * was sent cannot be read.
 */
export function storeRefusal(
  what: string,
  { status, reason }: { status: number; reason: string },
  facts: Readonly<Record<string, unknown>>,
  cause?: unknown,
): PolytapeError {
  const code = refusalCode(status, reason);
  if (code === "store_refused" && isUnreadable(reason))
    return new PolytapeError("bug", code, `The store cannot read ${what}.`, { facts, cause });
  if (code === "store_refused") return storeRefused(what, facts, cause);
  return new PolytapeError("operating", code, sentenceOf(code), { facts, cause });
}

/** Somebody else wrote in between: read again and decide anew. */
export function storeConflict(what: string): PolytapeError {
  return new PolytapeError("operating", "store_conflict", `Somebody else wrote ${what} in between.`, {
    facts: { what },
  });
}

/** How deep a page may lie: beyond it the server would sort the whole result again for every page. */
export const RESULT_WINDOW_MAX = 10_000;

/** Throws `page_too_deep` (kind input) when offset + limit leave the window. */
export function checkResultWindow(query: { offset?: number | undefined; limit: number }): void {
  const depth = (query.offset ?? 0) + query.limit;
  if (depth <= RESULT_WINDOW_MAX) return;
  throw new PolytapeError(
    "input",
    "page_too_deep",
    `A page may reach ${RESULT_WINDOW_MAX} rows deep at most.`,
    {
      facts: { depth },
    },
  );
}

/** Documents that are asked for by id in one call. */
export const IDS_AT_ONCE_MAX = 1_000;

/** Throws `too_many_ids` (kind bug). */
export function checkIdCount(count: number): void {
  if (count <= IDS_AT_ONCE_MAX) return;
  throw new PolytapeError(
    "bug",
    "too_many_ids",
    `At most ${IDS_AT_ONCE_MAX} documents are asked for at once.`,
    {
      facts: { count },
    },
  );
}
