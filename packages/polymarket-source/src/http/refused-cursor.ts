import { hasCode, PolytapeError } from "@polytape/market-model";

/** Bad request, and how Gamma says it. */
const REFUSED_STATUSES: readonly unknown[] = [400, 422];

/** For `catch`: a 400 or 422 to a request with a cursor means that the upstream no longer takes that cursor. */
export function refusedCursor(cursor: string | null): (error: unknown) => never {
  return (error) => {
    if (cursor === null || !hasCode(error, "upstream_refused")) throw error;
    if (!REFUSED_STATUSES.includes(error.facts["status"])) throw error;
    throw new PolytapeError("operating", "cursor_refused", "Polymarket no longer takes a cursor.", {
      facts: error.facts,
      cause: error,
    });
  };
}
