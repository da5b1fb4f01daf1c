import type { PolymarketTradeV1 } from "../wire/index.ts";

/** How an upstream without v2 serves v1. */
export interface V1Ways {
  readonly windows: "honoured" | "ignored" | "refused";
  readonly endIncluded: boolean;
  /** More rows are never given, without a word. */
  readonly limitMax: number;
  readonly offsetMax: number;
  readonly pastCap: "refuse" | "repeat" | "empty";
}

export const PLAIN_V1: V1Ways = {
  windows: "honoured",
  endIncluded: true,
  limitMax: 1_000,
  offsetMax: 10_000,
  pastCap: "refuse",
};

/** A `fetch` that answers like such an upstream, over rows newest first that a test may change between calls. */
export function v1Upstream(ways: V1Ways, rows: () => readonly PolymarketTradeV1[]) {
  const asked: URL[] = [];
  const fetch: typeof globalThis.fetch = async (input) => {
    const url = new URL(input instanceof Request ? input.url : String(input));
    asked.push(url);
    if (url.pathname.startsWith("/v2/")) return answer({ error: "no such route" }, 404);
    return answerV1(url.searchParams, ways, rows());
  };
  return { asked, fetch };
}

function answerV1(query: URLSearchParams, ways: V1Ways, rows: readonly PolymarketTradeV1[]): Response {
  const end = query.get("end");
  if (end !== null && ways.windows === "refused") return answer({ error: "unknown parameter end" }, 400);
  const isInWindow = ({ timestamp }: PolymarketTradeV1) =>
    end === null ||
    ways.windows === "ignored" ||
    (ways.endIncluded ? timestamp <= Number(end) : timestamp < Number(end));
  const asked = Number(query.get("offset") ?? 0);
  if (asked > ways.offsetMax && ways.pastCap === "refuse")
    return answer({ error: `max historical activity offset of ${ways.offsetMax} exceeded` }, 400);
  if (asked > ways.offsetMax && ways.pastCap === "empty") return answer([], 200);
  const offset = Math.min(asked, ways.offsetMax);
  const limit = Math.min(Number(query.get("limit") ?? 100), ways.limitMax);
  return answer(rows.filter(isInWindow).slice(offset, offset + limit), 200);
}

function answer(body: unknown, status: number): Response {
  return new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json" } });
}
