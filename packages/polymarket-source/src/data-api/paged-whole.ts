/** What v2 always does: it pages through everything that it serves. */
export const PAGED_WHOLE = { version: "v2", cutSeconds: [], isCapped: false } as const;
