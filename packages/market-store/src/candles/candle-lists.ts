import { CANDLE_INTERVAL_MS, CANDLE_INTERVALS } from "@polytape/market-model";
import type { CandleKey, CandleKeysQuery, CandleShelf, StoredCandle } from "../market-store.ts";
import { behindAll, type ColumnHit, columnHits, numbersOf, numbersToRead } from "../opensearch/columns.ts";
import { refreshIndices } from "../opensearch/refresh.ts";
import { searchStore } from "../opensearch/search.ts";
import type { StoreParts } from "../opensearch/store-parts.ts";
import { RESULT_WINDOW_MAX, storeRefused } from "../store-errors.ts";
import { CANDLE_NUMBERS, CANDLE_TEXTS, candleOfHit } from "./candle-document.ts";

/** Windows and tokens in one search, far below the server's bounds (1,024 clauses, 65,536 terms). */
const CLAUSES_MAX = 200;
const TOKENS_MAX = 5_000;

const KEY = "the key of a candle";
const BY_TOKEN_AND_TIME = [{ asset_id: "asc" }, { open_time: "asc" }];

/** Reads many candles by searches, each after a refresh of the months that it asks. */
export function candleLists({
  store,
  names,
}: Pick<StoreParts, "store" | "names">): Pick<CandleShelf, "readMinutes" | "listKeys"> {
  /** In order of (asset id, open time), which is the order on disk. */
  async function search(months: readonly string[], body: Record<string, unknown>) {
    const answer = await searchStore(store, {
      index: months.join(","),
      missingIsEmpty: true,
      paths: ["_seq_no", "_primary_term", "fields", "sort"].map((path) => `hits.hits.${path}`),
      body: { ...body, track_total_hits: false, _source: false },
    });
    return columnHits(answer);
  }

  async function readAll(months: readonly string[], filter: readonly unknown[]): Promise<StoredCandle[]> {
    const read: StoredCandle[] = [];
    for (;;) {
      const last = read.at(-1);
      const hits = await search(months, {
        size: RESULT_WINDOW_MAX,
        query: { bool: { filter } },
        sort: [...BY_TOKEN_AND_TIME, ...numbersToRead(CANDLE_NUMBERS)],
        seq_no_primary_term: true,
        docvalue_fields: CANDLE_TEXTS,
        ...(last && { search_after: [last.assetId, last.openTimeMs, ...behindAll(CANDLE_NUMBERS)] }),
      });
      for (const hit of hits) read.push(minuteOfHit(hit));
      if (hits.length < RESULT_WINDOW_MAX) return read;
    }
  }

  return {
    async readMinutes(windows) {
      if (windows.length === 0) return [];
      await refreshIndices(
        store,
        windows.map(({ openTimeMs }) => names.candlesOfMonth(openTimeMs)),
      );
      const read: StoredCandle[] = [];
      for (const group of groupWindows(windows)) {
        // No window is as long as a month, and none begins in one and ends in another.
        const months = new Set(group.map(({ openTimeMs }) => names.candlesOfMonth(openTimeMs)));
        for (const candle of await readAll([...months], minuteClauses(group))) read.push(candle);
      }
      return read;
    },

    async listKeys(query) {
      const months = [names.candlesOfMonth(query.fromMs), names.candlesOfMonth(query.toMs - 1)];
      if (!query.after) await refreshIndices(store, months);
      const hits = await search([...new Set(months)], keysPage(query));
      return hits.map(keyOfHit);
    },
  };
}

/** Tokens that ask for exactly the same window. */
interface SharedWindow {
  readonly openTimeMs: number;
  readonly lengthMs: number;
  readonly assetIds: string[];
}

/** Packs windows into few searches: a tick asks for the same hour of many tokens, a rebuild too. */
function groupWindows(windows: readonly CandleKey[]): SharedWindow[][] {
  const shared = new Map<string, SharedWindow>();
  for (const { assetId, interval, openTimeMs } of windows) {
    const key = `${interval}|${openTimeMs}`;
    const same = shared.get(key) ?? { openTimeMs, lengthMs: CANDLE_INTERVAL_MS[interval], assetIds: [] };
    same.assetIds.push(assetId);
    shared.set(key, same);
  }
  const groups: SharedWindow[][] = [];
  let tokens = 0;
  for (const window of [...shared.values()].flatMap(cutTokens)) {
    const group = groups.at(-1);
    if (group && group.length < CLAUSES_MAX && tokens + window.assetIds.length <= TOKENS_MAX) {
      group.push(window);
      tokens += window.assetIds.length;
    } else {
      groups.push([window]);
      tokens = window.assetIds.length;
    }
  }
  return groups;
}

function cutTokens(window: SharedWindow): SharedWindow[] {
  const pieces = Math.ceil(window.assetIds.length / TOKENS_MAX);
  return Array.from({ length: pieces }, (_, piece) => ({
    ...window,
    assetIds: window.assetIds.slice(piece * TOKENS_MAX, (piece + 1) * TOKENS_MAX),
  }));
}

function minuteClauses(group: readonly SharedWindow[]): unknown[] {
  const any = group.map(({ openTimeMs, lengthMs, assetIds }) => ({
    bool: {
      filter: [
        { terms: { asset_id: assetIds } },
        { range: { open_time: { gte: openTimeMs, lt: openTimeMs + lengthMs } } },
      ],
    },
  }));
  return [{ term: { interval: "1m" } }, { bool: { should: any, minimum_should_match: 1 } }];
}

function keysPage({
  marketId,
  fromMs,
  toMs,
  aboveAssetId,
  upToAssetId,
  after,
  limit,
}: CandleKeysQuery): Record<string, unknown> {
  const filter = [
    { range: { open_time: { gte: fromMs, lt: toMs } } },
    ...(marketId === undefined ? [] : [{ term: { market_id: marketId } }]),
    ...(aboveAssetId === undefined ? [] : [{ range: { asset_id: { gt: aboveAssetId } } }]),
    ...(upToAssetId === undefined ? [] : [{ range: { asset_id: { lte: upToAssetId } } }]),
  ];
  return {
    size: limit,
    query: { bool: { filter } },
    sort: [...BY_TOKEN_AND_TIME, { interval: "asc" }],
    ...(after && { search_after: [after.assetId, after.openTimeMs, after.interval] }),
  };
}

function minuteOfHit(hit: ColumnHit): StoredCandle {
  return candleOfHit(hit, { assetId: orderedBy(hit, 0), interval: "1m" });
}

function keyOfHit(hit: ColumnHit): CandleKey {
  const [openTimeMs] = numbersOf(hit, [["open_time", "date"]], { what: KEY, from: 1 });
  const interval = CANDLE_INTERVALS.find((each) => each === orderedBy(hit, 2));
  if (!interval) throw storeRefused(`to be understood: ${KEY}`, { interval: orderedBy(hit, 2) });
  return { assetId: orderedBy(hit, 0), interval, openTimeMs };
}

/** A text among the values that a search ordered by. */
function orderedBy({ sort }: ColumnHit, place: number): string {
  const value: unknown = Array.isArray(sort) ? sort[place] : undefined;
  if (typeof value === "string") return value;
  throw storeRefused(`to be understood: ${KEY}`, { place });
}

/** The order of `listKeys`. */
export function compareCandleKeys(a: CandleKey, b: CandleKey): number {
  if (a.assetId !== b.assetId) return a.assetId < b.assetId ? -1 : 1;
  if (a.openTimeMs !== b.openTimeMs) return a.openTimeMs - b.openTimeMs;
  if (a.interval === b.interval) return 0;
  return a.interval < b.interval ? -1 : 1;
}
