import type { CandleKey, CandleShelf, CandleWrite, SeriesCandle, StoredCandle } from "../market-store.ts";
import { foundDocuments, MULTI_GET_PATHS, readAnswer } from "../opensearch/answers.ts";
import { sendBulk } from "../opensearch/bulk.ts";
import { columnHits, numbersToRead } from "../opensearch/columns.ts";
import { searchStore } from "../opensearch/search.ts";
import type { StoreParts } from "../opensearch/store-parts.ts";
import { candleDocument, candleOf, candleSource, SERIES_NUMBERS, seriesCandleOf } from "./candle-document.ts";
import { candleId } from "./candle-id.ts";
import { candleLists } from "./candle-lists.ts";

/** Documents read in one request. */
const CANDLES_AT_ONCE_MAX = 2_000;

/** Candles in one index per event month behind one alias, each write guarded by the version that was read. */
export function candleShelf({ store, names, now, ready }: StoreParts): CandleShelf {
  async function readByKeys(keys: readonly CandleKey[]): Promise<[string, StoredCandle][]> {
    const docs = keys.map((key) => ({ _index: names.candlesOfMonth(key.openTimeMs), _id: candleId(key) }));
    const answer = await store.request({
      method: "POST",
      path: "/_mget",
      query: { filter_path: MULTI_GET_PATHS },
      body: { docs },
    });
    const found = foundDocuments(answer.body, "candles by key");
    return found.map((document) => [document._id ?? "", versioned(document)]);
  }

  /** Numbers alone: a source would be put together from them, and the id would be unpacked, for nothing. */
  async function search(series: Series, openTime: Range, page: Page): Promise<SeriesCandle[]> {
    const answer = await searchStore(store, {
      index: names.candles,
      missingIsEmpty: true,
      paths: ["hits.hits.sort"],
      body: {
        size: page.limit,
        query: seriesQuery(series, openTime),
        sort: [{ open_time: page.sort }, ...numbersToRead(SERIES_NUMBERS)],
        track_total_hits: false,
        _source: false,
        stored_fields: "_none_",
      },
    });
    return columnHits(answer).map((hit) => seriesCandleOf(hit, series));
  }

  function lineOf(write: CandleWrite) {
    const place = { _index: names.candlesOfMonth(write.candle.openTimeMs), _id: candleId(write.candle) };
    const { replaces } = write;
    const action = replaces
      ? { index: { ...place, if_seq_no: replaces.seqNo, if_primary_term: replaces.primaryTerm } }
      : { create: place };
    return { action: JSON.stringify(action), source: candleSource(write, now()) };
  }

  return {
    ...candleLists({ store, names }),
    async findByKeys(keys) {
      const found = new Map<string, StoredCandle>();
      for (let from = 0; from < keys.length; from += CANDLES_AT_ONCE_MAX)
        for (const [id, candle] of await readByKeys(keys.slice(from, from + CANDLES_AT_ONCE_MAX)))
          found.set(id, candle);
      return found;
    },
    async writeCandles(candles) {
      if (candles.length === 0) return { written: 0, conflicts: [] };
      await ready();
      const { written, conflicts } = await sendBulk(store, candles, lineOf);
      const lost = new Set(conflicts);
      return {
        written,
        conflicts: candles.filter((_, place) => lost.has(place)).map(({ candle }) => keyOf(candle)),
      };
    },
    findCandles: ({ assetId, interval, fromMs, toMs, limit }) =>
      search({ assetId, interval }, { gte: fromMs, lt: toMs }, { limit, sort: "asc" }),
    async findCandleBefore({ assetId, interval, beforeMs }) {
      const found = await search({ assetId, interval }, { lt: beforeMs }, { limit: 1, sort: "desc" });
      return found[0] ?? null;
    },
  };
}

type Series = Pick<CandleKey, "assetId" | "interval">;
type Range = Readonly<Record<string, number>>;

interface Page {
  readonly limit: number;
  readonly sort: "asc" | "desc";
}

function keyOf({ assetId, interval, openTimeMs }: CandleKey): CandleKey {
  return { assetId, interval, openTimeMs };
}

function seriesQuery({ assetId, interval }: Series, openTime: Range) {
  const clauses = [
    { term: { asset_id: assetId } },
    { term: { interval } },
    { range: { open_time: openTime } },
  ];
  return { bool: { filter: clauses } };
}

function versioned(document: {
  _source?: unknown;
  _seq_no?: number | undefined;
  _primary_term?: number | undefined;
}) {
  const version = { seqNo: document._seq_no ?? -1, primaryTerm: document._primary_term ?? -1 };
  return candleOf(readAnswer(candleDocument, document._source, "a candle"), version);
}
