import { type CoverageScope, DAY_MS, type DeclaredCoverage } from "@polytape/market-model";
import { z } from "zod";
import type { CoverageLedger } from "../coverage-ledger.ts";
import type { StoreVersion } from "../market-store.ts";
import {
  foundDocuments,
  type getAnswer,
  MULTI_GET_PATHS,
  readAnswer,
  searchAnswer,
} from "../opensearch/answers.ts";
import { sendBulk } from "../opensearch/bulk.ts";
import { searchStore } from "../opensearch/search.ts";
import type { StoreParts } from "../opensearch/store-parts.ts";
import { beginOf, type CoverageDay, type CoverageDays, type CoverageDayWrite } from "./coverage-days.ts";
import { coverageLedgerOn } from "./coverage-ledger.ts";

/** Documents read in one request. */
const DAYS_AT_ONCE_MAX = 1_000;

const statementSchema = z.object({
  from: z.number(),
  to: z.number(),
  state: z.enum(["complete", "partial", "missing", "unknown"]),
  cause: z
    .enum([
      "upstream_lag",
      "upstream_cap",
      "upstream_changed",
      "row_rejected",
      "socket_silent",
      "collector_down",
      "throttled",
      "count_mismatch",
      "hash_mismatch",
      "candles_pending",
      "stored_after_as_of",
    ])
    .nullable(),
  evidence: z.record(z.string(), z.unknown()),
  declared_from: z.number(),
  declared_at: z.number(),
});

const dayDocument = z.object({
  stream: z.enum(["trades", "books", "markets"]),
  market_id: z.string().nullable(),
  asset_id: z.string().nullable(),
  day: z.number(),
  intervals: z.array(statementSchema),
});

/** The ledger in the store: one document per scope and UTC day, read and written by id in real time. */
export function coverageLedger(parts: StoreParts): CoverageLedger {
  return coverageLedgerOn(coverageDocuments(parts), parts.now);
}

function coverageDocuments({ store, names, now, ready }: StoreParts): CoverageDays {
  async function readSome(ids: readonly string[], query: Readonly<Record<string, boolean>>) {
    const answer = await store.request({
      method: "POST",
      path: `/${names.coverage}/_mget`,
      query: { filter_path: MULTI_GET_PATHS, ...query },
      body: { ids },
    });
    return foundDocuments(answer.body, "coverage by day");
  }

  async function readAll(ids: readonly string[], query: Readonly<Record<string, boolean>> = {}) {
    const pages = Array.from({ length: Math.ceil(ids.length / DAYS_AT_ONCE_MAX) }, (_, page) =>
      ids.slice(page * DAYS_AT_ONCE_MAX, (page + 1) * DAYS_AT_ONCE_MAX),
    );
    return (await Promise.all(pages.map((page) => readSome(page, query)))).flat();
  }

  async function search(filter: readonly object[], limit: number): Promise<CoverageDay[]> {
    const answer = await searchStore(store, {
      index: names.coverage,
      paths: ["hits.hits._source"],
      body: {
        size: limit,
        track_total_hits: false,
        query: { bool: { filter } },
        sort: [{ day: "asc" }, { from: "asc" }],
      },
    });
    const { hits } = readAnswer(searchAnswer, answer, "coverage").hits;
    return hits.map((hit) => dayOf(hit._source));
  }

  return {
    readDays: async (ids) =>
      new Map(
        (await readAll(ids)).map((each) => [
          each._id ?? "",
          { day: dayOf(each._source), version: versionOf(each) },
        ]),
      ),
    readVersions: async (ids) =>
      new Map((await readAll(ids, { _source: false })).map((each) => [each._id ?? "", versionOf(each)])),
    async writeDays(writes) {
      await ready();
      const lineOf = ({ id, day, replaces }: CoverageDayWrite) => ({
        action: JSON.stringify(
          replaces
            ? {
                index: {
                  _index: names.coverage,
                  _id: id,
                  if_seq_no: replaces.seqNo,
                  if_primary_term: replaces.primaryTerm,
                },
              }
            : { create: { _index: names.coverage, _id: id } },
        ),
        source: JSON.stringify({ ...documentOf(day), recorded_at: now() }),
      });
      const { conflicts } = await sendBulk(store, writes, lineOf);
      return conflicts.flatMap((place) => writes[place]?.id ?? []);
    },
    listDays: ({ stream, marketId, fromMs, toMs, limit }) =>
      search(
        [
          ...rangeFilter(fromMs, toMs),
          ...(stream === undefined ? [] : [{ term: { stream } }]),
          ...marketFilter(marketId),
        ],
        limit,
      ),
    findTroubledParts: ({ scope, fromMs, toMs, limit }) =>
      search(
        [
          ...rangeFilter(fromMs, toMs),
          { term: { stream: scope.stream } },
          { terms: { states: ["missing", "partial"] } },
          ...partFilter(scope),
        ],
        limit,
      ),
  };
}

/** By day too: entries of an older layout have none, and are no longer read. */
function rangeFilter(fromMs: number, toMs: number): object[] {
  return [
    { range: { day: { gt: fromMs - DAY_MS, lt: toMs } } },
    { range: { from: { lt: toMs } } },
    { range: { to: { gt: fromMs } } },
  ];
}

function marketFilter(marketId: string | null | undefined): object[] {
  if (marketId === undefined) return [];
  if (marketId === null) return [isAbsent("market_id"), isAbsent("asset_id")];
  return [anyOf({ term: { market_id: marketId } }, isAbsent("market_id"))];
}

/** As `isTroubleOfPart` of the model, for the fields that a document is found by. */
function partFilter({ marketId, assetId }: CoverageScope): object[] {
  const [hasMarket, hasAsset] = [{ exists: { field: "market_id" } }, { exists: { field: "asset_id" } }];
  if (marketId !== undefined) return [{ term: { market_id: marketId } }, hasAsset];
  if (assetId !== undefined) return [{ term: { asset_id: assetId } }, hasMarket];
  return [anyOf(hasMarket, hasAsset)];
}

function anyOf(...should: readonly object[]): object {
  return { bool: { should, minimum_should_match: 1 } };
}

function isAbsent(field: string): object {
  return { bool: { must_not: [{ exists: { field } }] } };
}

function documentOf({ stream, marketId, assetId, dayMs, statements }: CoverageDay) {
  return {
    stream,
    market_id: marketId,
    asset_id: assetId,
    day: dayMs,
    from: beginOf({ statements, dayMs }),
    to: statements.at(-1)?.toMs ?? dayMs,
    states: [...new Set(statements.map(({ state }) => state))],
    intervals: statements.map(
      (each): z.input<typeof statementSchema> => ({
        from: each.fromMs,
        to: each.toMs,
        state: each.state,
        cause: each.cause,
        evidence: { ...each.evidence },
        declared_from: each.declaredFromMs,
        declared_at: each.declaredAtMs,
      }),
    ),
  };
}

function dayOf(source: unknown): CoverageDay {
  const {
    stream,
    market_id: marketId,
    asset_id: assetId,
    day: dayMs,
    intervals,
  } = readAnswer(dayDocument, source, "a day of coverage");
  return {
    stream,
    marketId,
    assetId,
    dayMs,
    statements: intervals.map(
      // Spread from the scope, each would take three times as long to make.
      (each): DeclaredCoverage => ({
        stream,
        marketId,
        assetId,
        fromMs: each.from,
        toMs: each.to,
        state: each.state,
        cause: each.cause,
        evidence: each.evidence,
        declaredFromMs: each.declared_from,
        declaredAtMs: each.declared_at,
      }),
    ),
  };
}

function versionOf({ _seq_no: seqNo, _primary_term: primaryTerm }: z.output<typeof getAnswer>): StoreVersion {
  return { seqNo: seqNo ?? -1, primaryTerm: primaryTerm ?? -1 };
}
