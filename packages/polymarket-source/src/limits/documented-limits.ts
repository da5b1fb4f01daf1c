/**
 * Requests per 10 seconds (sliding, per address) as documented at api-reference/rate-limits, state of
 * November 2026. A route counts against every window that is named for it. Newer routes (`/v2/trades`,
 * `/markets/keyset`) are not in the document: they are taken to share the window of their older sibling.
 */
export const LIMIT_WINDOW_MS = 10_000;

export const DOCUMENTED_LIMITS = {
  gamma: 4_000,
  gammaMarkets: 300,
  data: 1_000,
  dataTrades: 200,
  clob: 9_000,
  clobBooks: 500,
} as const;

export type LimitName = keyof typeof DOCUMENTED_LIMITS;

/** Which windows a request of each endpoint family counts against; the narrowest first. */
export const ENDPOINT_LIMITS = {
  markets: ["gammaMarkets", "gamma"],
  trades: ["dataTrades", "data"],
  status: ["data"],
  books: ["clobBooks", "clob"],
} as const satisfies Record<string, readonly LimitName[]>;

export type Endpoint = keyof typeof ENDPOINT_LIMITS;
