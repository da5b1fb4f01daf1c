import type { EpochMs, Market } from "@polytape/market-model";
import type { MarketCatalogue, StoredMarket, StoredMarkets, StoreVersion } from "../market-store.ts";
import { foundDocuments, MULTI_GET_PATHS, readAnswer, searchAnswer } from "../opensearch/answers.ts";
import { sendBulk } from "../opensearch/bulk.ts";
import { searchStore } from "../opensearch/search.ts";
import type { StoreParts } from "../opensearch/store-parts.ts";
import { checkIdCount, checkResultWindow, IDS_AT_ONCE_MAX, storeConflict } from "../store-errors.ts";
import { marketDocument, marketOf, storedMarketDocument } from "./market-document.ts";
import {
  activeMarketsBody,
  anyIdBody,
  lastUpdatedBody,
  marketSearchBody,
  positionOf,
} from "./market-search.ts";
import { decideMarket, type MarketDecision, roundsOf } from "./market-versions.ts";

/** Times that a market is decided anew because somebody else wrote it in between. */
const TRIES_MAX = 5;

interface VersionedMarket {
  readonly market: StoredMarket;
  readonly version: StoreVersion;
}

interface Observation {
  readonly observed: Market;
  readonly current: VersionedMarket | undefined;
  readonly decision: MarketDecision;
}

type Counts = { -readonly [Count in keyof StoredMarkets]: StoredMarkets[Count] };

/** One document per market, guarded by its version, and one per observed version of what is tracked. */
export function marketCatalogue({ store, names, now, ready }: StoreParts): MarketCatalogue {
  async function readVersioned(marketIds: readonly string[]): Promise<Map<string, VersionedMarket>> {
    if (marketIds.length === 0) return new Map();
    const answer = await store.request({
      method: "POST",
      path: `/${names.markets}/_mget`,
      query: { filter_path: MULTI_GET_PATHS },
      body: { ids: [...marketIds] },
    });
    const found = new Map<string, VersionedMarket>();
    for (const document of foundDocuments(answer.body, "markets by id")) {
      if (document._seq_no === undefined || document._primary_term === undefined) continue;
      const market = marketOf(readAnswer(storedMarketDocument, document._source, "a market"));
      const version = { seqNo: document._seq_no, primaryTerm: document._primary_term };
      found.set(market.marketId, { market, version });
    }
    return found;
  }

  /** Returns the markets that lost against another writer. */
  async function storeOnce(
    markets: readonly Market[],
    observedAtMs: EpochMs,
    counts: Counts,
  ): Promise<Market[]> {
    const current = await readVersioned(markets.map((market) => market.marketId));
    const observations = markets.map((observed): Observation => {
      const known = current.get(observed.marketId);
      return { observed, current: known, decision: decideMarket(known?.market, observed, observedAtMs) };
    });
    const differing = observations.filter(({ decision }) => decision.write !== "nothing");
    counts.unchanged += observations.length - differing.length;
    if (differing.length === 0) return [];

    const changeLines = differing.flatMap((one) => changeLine(one, observedAtMs));
    counts.changes += (await sendBulk(store, changeLines, (line) => line)).written;
    const written = await sendBulk(store, differing, (one) => marketLine(one, observedAtMs));
    const lost = new Set(written.conflicts);
    for (const [place, { decision }] of differing.entries()) {
      if (lost.has(place)) continue;
      if (decision.write === "create") counts.created += 1;
      else counts.updated += 1;
    }
    return differing.filter((_, place) => lost.has(place)).map(({ observed }) => observed);
  }

  function changeLine({ decision }: Observation, observedAtMs: EpochMs) {
    const { change, market } = decision;
    if (!change) return [];
    const source = {
      market_id: market.marketId,
      observed_at: observedAtMs,
      ingested_at: now(),
      ...change.content,
    };
    return [
      {
        action: JSON.stringify({ create: { _index: names.marketChanges, _id: change.id } }),
        source: JSON.stringify(source),
      },
    ];
  }

  function marketLine({ decision: { market }, current }: Observation, observedAtMs: EpochMs) {
    const place = { _index: names.markets, _id: market.marketId };
    const action = current
      ? {
          index: { ...place, if_seq_no: current.version.seqNo, if_primary_term: current.version.primaryTerm },
        }
      : { create: place };
    const source = { ...marketDocument(market), observed_at: observedAtMs, ingested_at: now() };
    return { action: JSON.stringify(action), source: JSON.stringify(source) };
  }

  async function search(body: Record<string, unknown>): Promise<StoredMarket[]> {
    const paths = ["hits.hits._source"];
    const answer = await searchStore(store, { index: names.markets, paths, body });
    const { hits } = readAnswer(searchAnswer, answer, "markets").hits;
    return hits.map((hit) => marketOf(readAnswer(storedMarketDocument, hit._source, "a market")));
  }

  return {
    async storeMarkets(markets, observedAtMs) {
      const counts = { created: 0, updated: 0, unchanged: 0, changes: 0 };
      if (markets.length > 0) await ready();
      for (const round of roundsOf(markets)) {
        for (let from = 0; from < round.length; from += IDS_AT_ONCE_MAX) {
          let waiting = round.slice(from, from + IDS_AT_ONCE_MAX);
          for (let tried = 0; waiting.length > 0; tried += 1) {
            if (tried === TRIES_MAX) throw storeConflict(`${waiting.length} markets`);
            waiting = await storeOnce(waiting, observedAtMs, counts);
          }
        }
      }
      return counts;
    },
    async findMarkets(marketIds) {
      checkIdCount(marketIds.length);
      const found = await readVersioned(marketIds);
      return new Map([...found].map(([id, { market }]) => [id, market]));
    },
    async findMarket(anyId) {
      const marketId = anyId.toLowerCase();
      if (!CONDITION_ID.test(marketId)) return (await search(anyIdBody(anyId)))[0] ?? null;
      return (await readVersioned([marketId])).get(marketId)?.market ?? null;
    },
    lastUpdatedMarket: async (upToMs) => (await search(lastUpdatedBody(upToMs)))[0] ?? null,
    async searchMarkets(query) {
      checkResultWindow(query);
      const markets = await search(marketSearchBody(query));
      const last = markets.length === query.limit ? markets.at(-1) : undefined;
      return { markets, next: last ? positionOf(last) : null };
    },
    mostActiveMarkets: (limit) => search(activeMarketsBody(limit)),
  };
}

const CONDITION_ID = /^0x[0-9a-f]{64}$/;
