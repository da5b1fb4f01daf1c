import type { CoverageInterval } from "@polytape/market-model";
import { z } from "zod";
import type { CoverageLedger } from "../market-store.ts";
import { readAnswer, searchAnswer } from "../opensearch/answers.ts";
import { sendBulk } from "../opensearch/bulk.ts";
import { searchStore } from "../opensearch/search.ts";
import type { StoreParts } from "../opensearch/store-parts.ts";
import { coverageId } from "./coverage-id.ts";

const coverageDocument = z.object({
  stream: z.enum(["trades", "books", "markets"]),
  market_id: z.string().nullable(),
  asset_id: z.string().nullable(),
  from: z.number(),
  to: z.number(),
  state: z.enum(["complete", "partial", "missing", "unknown"]),
  cause: z
    .enum([
      "upstream_lag",
      "upstream_cap",
      "upstream_changed",
      "socket_silent",
      "collector_down",
      "throttled",
      "hash_mismatch",
    ])
    .nullable(),
  evidence: z.record(z.string(), z.unknown()),
});

/** Intervals as they were recorded. A question about one market gets those about all markets too. */
export function coverageLedger({ store, names, now, ready }: StoreParts): CoverageLedger {
  return {
    async recordIntervals(intervals) {
      if (intervals.length === 0) return;
      await ready();
      const lineOf = (interval: CoverageInterval) => ({
        action: JSON.stringify({ index: { _index: names.coverage, _id: coverageId(interval) } }),
        source: JSON.stringify({ ...documentOf(interval), recorded_at: now() }),
      });
      await sendBulk(store, intervals, lineOf);
    },
    async findIntervals({ stream, marketId, fromMs, toMs, limit }) {
      const clauses: Record<string, unknown>[] = [
        { range: { from: { lt: toMs } } },
        { range: { to: { gt: fromMs } } },
      ];
      if (stream !== undefined) clauses.push({ term: { stream } });
      if (marketId !== undefined) clauses.push(ofMarketOrAll(marketId));
      const answer = await searchStore(store, {
        index: names.coverage,
        paths: ["hits.hits._source"],
        body: {
          size: limit,
          track_total_hits: false,
          query: { bool: { filter: clauses } },
          sort: [{ from: "asc" }, { to: "asc" }],
        },
      });
      const { hits } = readAnswer(searchAnswer, answer, "coverage").hits;
      return hits.map((hit) => intervalOf(readAnswer(coverageDocument, hit._source, "a coverage interval")));
    },
  };
}

function ofMarketOrAll(marketId: string): Record<string, unknown> {
  const allMarkets = { bool: { must_not: [{ exists: { field: "market_id" } }] } };
  return { bool: { should: [{ term: { market_id: marketId } }, allMarkets], minimum_should_match: 1 } };
}

function documentOf(interval: CoverageInterval): z.input<typeof coverageDocument> {
  return {
    stream: interval.stream,
    market_id: interval.marketId,
    asset_id: interval.assetId,
    from: interval.fromMs,
    to: interval.toMs,
    state: interval.state,
    cause: interval.cause,
    evidence: { ...interval.evidence },
  };
}

function intervalOf(document: z.output<typeof coverageDocument>): CoverageInterval {
  return {
    stream: document.stream,
    marketId: document.market_id,
    assetId: document.asset_id,
    fromMs: document.from,
    toMs: document.to,
    state: document.state,
    cause: document.cause,
    evidence: document.evidence,
  };
}
