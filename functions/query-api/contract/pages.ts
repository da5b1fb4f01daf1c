import type { Route } from "../http/route.ts";

/** A text that tells of the contract; needs no key. */
export interface Page {
  readonly path: string;
  readonly summary: string;
  readonly contentType: string;
  /** Made at the first request, then kept. */
  readonly text: (routes: readonly Route[], version: string) => string;
}

/** An example question of each route, as its path and query. */
const QUESTIONS: Readonly<Record<string, string>> = {
  "list-markets": "/v1/markets?status=open&q=rain&limit=10",
  "get-market": "/v1/markets/will-it-rain-tomorrow",
  "list-trades": "/v1/trades?market_id=will-it-rain-tomorrow&outcome=Yes&limit=2&aggregates=volume,vwap",
  "get-orderbook": "/v1/orderbook?market_id=will-it-rain-tomorrow&outcome=Yes&at=2026-11-22T11:00:00Z",
  "get-candles":
    "/v1/candles?market_id=will-it-rain-tomorrow&outcome=Yes&interval=1h&from=2026-11-22T08:00:00Z&to=2026-11-22T11:00:00Z",
  "get-coverage": "/v1/coverage?stream=trades&from=2026-11-22T08:00:00Z&to=2026-11-22T11:00:00Z",
};

/** What is asked on the page as an example, and answered there (`example-answers.json`). */
export function questionOf(route: Pick<Route, "name" | "path">): string {
  return QUESTIONS[route.name] ?? route.path;
}
