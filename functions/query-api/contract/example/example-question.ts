import type { Route } from "../../http/route.ts";

/** No market and no moment is the same in two deployments, so a question names what it finds out first. */
export interface ExampleQuestion {
  /** Path and query; what is found first stands in braces. */
  readonly path: string;
  /** Where the names come from: the first market of the list, the newest trade, the tokens that were traded last. */
  readonly found: "nothing" | "market" | "trade" | "book";
}

/** What can stand in braces; `start` in seconds since the epoch. */
export type ExampleName = "slug" | "market" | "token" | "start";

/** A request that can be copied: a whole program for any deployment, with what its language brings along. */
export type Asked = Pick<Route, "name" | "path" | "access">;

/** How long before now `start` lies. */
export const START_HOURS_AGO = 3;

/** Why a book is looked for, said in each language. */
export const SAYS = {
  market: "A market to ask for.",
  trade: "The market and the token of the newest trade.",
  book: "Books are kept of the most active markets only: the first one among the tokens traded last.",
} as const;

const QUESTIONS: Readonly<Record<string, ExampleQuestion>> = {
  "list-markets": { path: "/v1/markets?status=open&limit=2", found: "nothing" },
  "get-market": { path: "/v1/markets/{slug}", found: "market" },
  "list-trades": {
    path: "/v1/trades?market_id={market}&outcome={token}&limit=2&aggregates=volume,vwap",
    found: "trade",
  },
  "get-orderbook": { path: "/v1/orderbook?market_id={market}&outcome={token}", found: "book" },
  "get-candles": {
    path: "/v1/candles?market_id={market}&outcome={token}&interval=1h&from={start}",
    found: "trade",
  },
  "get-coverage": { path: "/v1/coverage?stream=trades&from={start}", found: "nothing" },
};

/** What the program of a question is made of, in any language. */
interface ProgramParts {
  /** The path with each name as the language writes it. */
  readonly path: string;
  readonly found: ExampleQuestion["found"];
  readonly needsKey: boolean;
  readonly needsStart: boolean;
}

export function partsOf(route: Asked, write: (name: ExampleName) => string): ProgramParts {
  const question = questionOf(route);
  return {
    path: pathWith(question, write),
    found: question.found,
    needsKey: route.access === "key",
    needsStart: question.path.includes("{start}"),
  };
}

/** What is asked on the page as an example of a route, and answered there (`example-answers.json`). */
export function questionOf(route: Pick<Route, "name" | "path">): ExampleQuestion {
  return QUESTIONS[route.name] ?? { path: route.path, found: "nothing" };
}

/** The path with each name as `write` says it. */
export function pathWith({ path }: ExampleQuestion, write: (name: ExampleName) => string): string {
  return path.replaceAll(/\{(\w+)\}/g, (_, name: ExampleName) => write(name));
}
