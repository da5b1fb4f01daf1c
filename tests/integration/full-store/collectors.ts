import { backfillTrades } from "@polytape/backfill-trades";
import { buildCandles } from "@polytape/build-candles/build-candles.ts";
import { inMemoryBus } from "@polytape/event-bus/in-memory";
import type { JobReport } from "@polytape/function-runtime";
import { ingestMarkets } from "@polytape/ingest-markets/ingest-markets.ts";
import { collectTrades } from "@polytape/ingest-trades/collect-trades.ts";
import { DAY_MS, MINUTE_MS, numberEqualTrades, SECOND_MS } from "@polytape/market-model";
import { aBook, aMarket, aTradeRow } from "@polytape/market-model/testing";
import type { StoreRoom } from "@polytape/market-store";
import { type InMemoryStore, inMemoryStore } from "@polytape/market-store/in-memory";
import { inMemorySource } from "@polytape/polymarket-source/in-memory";
import { selfCheck } from "@polytape/self-check";
import { snapshotBook } from "@polytape/snapshot-book";

/** A function with work to do, on a store of its own. */
export interface Collector {
  readonly store: InMemoryStore;
  /** What its function does when it is called. */
  run(): Promise<JobReport>;
  /** Of what it is to store, what is there. */
  stored(): Promise<number>;
  /** How many that are when all is stored. */
  readonly all: number;
  readonly checkpoints: readonly string[];
}

/** After the end of a day, so that a self-check has one to check. */
const DAY = Date.parse("2026-11-20T00:00:00Z");
const NOW = DAY + DAY_MS + 3_600_000;
const now = () => NOW;
const context = {
  now,
  pause: async () => {},
  signal: new AbortController().signal,
  log: { info: () => {}, warn: () => {}, error: () => {} },
};
const numbers = (count: number) => Array.from({ length: count }, (_, place) => place);

/** Newest first: a dozen of the last minute. */
const newRows = numbers(12).map((place) => aTradeRow({ tsSeconds: NOW / SECOND_MS - 5 - 2 * place }));
/** A dozen of the day before. */
const pastRows = numbers(12).map((place) =>
  aTradeRow({ tsSeconds: (DAY + DAY_MS) / SECOND_MS - 5 - 600 * place }),
);

/** An account that may not ask has room until it is refused: whoever gives way meets the refusal too. */
const UNKNOWN_ROOM: StoreRoom = { look: async () => ({ shortOf: null, reason: null }) };

function theParts(contents: Parameters<typeof inMemorySource>[0] = {}) {
  const store = inMemoryStore({ now });
  const countTrades = async () => (await store.trades.findTrades({ sort: "asc", limit: 1_000 })).length;
  return { store, source: inMemorySource({ now, ...contents }), bus: inMemoryBus(), countTrades };
}

const builders = {
  "ingest-markets": async () => {
    const markets = numbers(5).map((n) =>
      aMarket({ marketId: `0x${n}`, gammaId: String(n), slug: `m-${n}` }),
    );
    const { store, source } = theParts({ markets, marketsPerPage: 2 });
    const budget = { recentPagesMax: 9, recentOverlapMs: 0, sweepPages: { open: 9, closed: 9 } };
    const ids = markets.map(({ marketId }) => marketId);
    return {
      store,
      run: () => ingestMarkets({ ...context, source, store, budget }),
      stored: async () => (await store.markets.findMarkets(ids)).size,
      all: markets.length,
      checkpoints: ["markets:recent", "markets:sweep", "markets:look-ups"],
    };
  },

  "ingest-trades": async () => {
    const { store, source, bus, countTrades } = theParts({ trades: newRows.slice(6) });
    const settle = { afterSeconds: 600, everySeconds: 60, pagesMax: 9, upstreamLagSecondsMax: 60 };
    const feed = { name: "live", rowSet: "taker", isWhole: true } as const;
    const budget = { pagesMax: 9, batchRowsMax: 5_000 };
    const run = () => collectTrades({ ...context, source, store, bus, feed, budget, settle });
    await run();
    source.addNewestTrades(newRows.slice(0, 6));
    return { store, run, stored: countTrades, all: newRows.length, checkpoints: ["trades:live"] };
  },

  "snapshot-book": async () => {
    const assetIds = ["1001", "1002"];
    const books = assetIds.map((assetId) => ({ ...aBook({ assetId, tsMs: NOW - 1 }), observedAtMs: NOW }));
    const { store, source } = theParts({ books });
    const limits = { levelsMax: 25, marketsMax: 5, assetIds };
    const found = () =>
      Promise.all(assetIds.map((assetId) => store.books.findBook({ assetId, atMs: NOW, match: "before" })));
    return {
      store,
      run: () => snapshotBook({ ...context, source, store: { ...store, room: UNKNOWN_ROOM }, ...limits }),
      stored: async () => (await found()).filter((book) => book !== null).length,
      all: books.length,
      checkpoints: ["books"],
    };
  },

  "backfill-trades": async () => {
    const { store, source, bus, countTrades } = theParts({ trades: [...newRows, ...pastRows] });
    const bounds = { backfillDays: 2, retentionDays: 90 };
    const budget = { pagesMax: 9, batchPages: 9 };
    const parts = { ...context, source, store: { ...store, room: UNKNOWN_ROOM }, bus, bounds, budget };
    const run = (input: Parameters<typeof backfillTrades>[1]) =>
      backfillTrades({ ...parts, settleSeconds: 0 }, input);
    await run({});
    return {
      store,
      run: () => run({ backfill: "first" }),
      stored: countTrades,
      all: newRows.length + pastRows.length,
      checkpoints: ["backfills", "backfill:first"],
    };
  },

  "build-candles": async () => {
    const { store } = theParts();
    await store.trades.createTrades(
      numberEqualTrades().number(newRows, { rowSet: "taker", receivedAtMs: NOW }),
    );
    const { marketId, assetId } = aTradeRow();
    const minutes = [...new Set(newRows.map((row) => Math.floor((row.tsSeconds * SECOND_MS) / MINUTE_MS)))];
    const windows = [
      { market_id: marketId, asset_id: assetId, minutes_ms: minutes.map((minute) => minute * MINUTE_MS) },
    ];
    const range = { fromMs: NOW - 2 * 3_600_000, toMs: NOW + 3_600_000, limit: 100 };
    return {
      store,
      run: () =>
        buildCandles({ ...context, store, intervals: ["1m", "5m", "1h"], settleMs: 600_000 }, [{ windows }]),
      stored: async () => (await store.candles.listKeys(range)).length,
      all: 3 * minutes.length,
      checkpoints: [],
    };
  },

  "self-check": async () => {
    const { store, source, bus, countTrades } = theParts({ trades: pastRows });
    const day = { stream: "trades", marketId: null, assetId: null, fromMs: DAY, toMs: DAY + DAY_MS } as const;
    await store.coverage.recordIntervals([{ ...day, state: "complete", cause: null, evidence: {} }]);
    await store.trades.createTrades(
      numberEqualTrades().number(pastRows.slice(0, 6), { rowSet: "taker", receivedAtMs: DAY + DAY_MS }),
    );
    const bounds = { settleSeconds: 600, retentionDays: 90, upstreamLagSecondsMax: 60 };
    const sample = { marketsMax: 20, volumeRatioMax: 2 };
    const budget = { pagesMax: 100, timeMs: 40_000 };
    return {
      store,
      run: () => selfCheck({ ...context, source, store, bus, bounds, sample, budget }, {}),
      stored: countTrades,
      all: pastRows.length,
      checkpoints: ["self-check"],
    };
  },
} satisfies Record<string, () => Promise<Collector>>;

/** By the function's name: each with something to store, and nothing of it stored yet. */
export const collectors: ReadonlyMap<string, () => Promise<Collector>> = new Map(Object.entries(builders));
