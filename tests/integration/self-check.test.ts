import { backfillTrades } from "@polytape/backfill-trades";
import { inMemoryBus } from "@polytape/event-bus/in-memory";
import { type CoverageStretch, DAY_MS, numberEqualTrades, SECOND_MS } from "@polytape/market-model";
import { type MarketStore, openMarketStore } from "@polytape/market-store";
import { manualClock, type Simulator, startSimulator } from "@polytape/polymarket-simulator";
import { connectPolymarket, type PolymarketSource } from "@polytape/polymarket-source";
import { type SelfCheckParts, selfCheck } from "@polytape/self-check";
import { afterEach, beforeEach, expect, inject, test } from "vitest";
import { compareWithTruth, countTape, readTape, readTruth } from "../end-to-end/truth.ts";
import { makeStoreCopy, type StoreCopy } from "./market-store-copy.ts";

/** The job as deployed, on the real store, against the simulator; only its messages stay in this process. */
const dayMs = Date.parse("2026-11-20T00:00:00Z");
const span = { from: dayMs / SECOND_MS, to: (dayMs + DAY_MS) / SECOND_MS };
const clock = manualClock(0);
const MARKETS = 12;

let simulator: Simulator;
let source: PolymarketSource;
let copy: StoreCopy;
let store: MarketStore;
let bus: ReturnType<typeof inMemoryBus>;

beforeEach(async () => {
  clock.set(dayMs + DAY_MS + 1_800_000);
  simulator = await startSimulator({
    seed: 5,
    epochMs: dayMs + DAY_MS,
    clock,
    marketCount: MARKETS,
    historyHours: 1,
    historyTradesPerSecond: 1,
    faults: [
      { name: "equal-rows", share: 0.2, since: 0 },
      { name: "late-trades", share: 0.02, delay_seconds: 14_400, since: 0 },
    ],
  });
  const url = simulator.url;
  source = connectPolymarket(
    {
      gammaUrl: `${url}/gamma`,
      dataUrl: `${url}/data`,
      clobUrl: `${url}/clob`,
      limitShare: 1,
      timeoutMs: 20_000,
      triesMax: 2,
    },
    { now: clock.now, sleep: async (ms) => clock.set(clock.now() + ms) },
  );
  copy = await makeStoreCopy(inject("openSearchUrl"));
  store = openMarketStore(copy.settings, { now: clock.now });
  bus = inMemoryBus();
  await collectDay();
});

afterEach(async () => {
  await store?.close();
  await copy?.remove();
  await simulator?.close();
});

/** What the live tail does, in one go: the whole feed on the tape, and the day called complete. */
async function collectDay(): Promise<void> {
  const numberer = numberEqualTrades();
  for (let cursor: string | null = null; ; ) {
    const page = await source.readTradePage({ rowSet: "taker", limit: 1_000, cursor });
    await store.trades.createTrades(
      numberer.number(page.rows, { rowSet: "taker", receivedAtMs: page.receivedAtMs }),
    );
    cursor = page.nextCursor;
    if (cursor === null) break;
  }
  const { markets } = await source.readMarketPage({ closed: false, order: "id", cursor: null });
  await store.markets.storeMarkets(markets, clock.now());
  const day = { fromMs: dayMs, toMs: dayMs + DAY_MS };
  await store.coverage.recordIntervals([
    { stream: "trades", marketId: null, assetId: null, ...day, state: "complete", cause: null, evidence: {} },
  ]);
  await copy.settle();
  clock.set(clock.now() + 1_000);
}

function theJob(changes: Partial<SelfCheckParts> = {}): SelfCheckParts {
  return {
    source,
    store,
    bus,
    bounds: { settleSeconds: 600, retentionDays: 0, upstreamLagSecondsMax: 60 },
    sample: { marketsMax: 2 * MARKETS, volumeRatioMax: 1_000 },
    budget: { pagesMax: 1_000, timeMs: 600_000 },
    pause: refreshDay,
    now: clock.now,
    signal: new AbortController().signal,
    log: { info: () => {}, warn: () => {}, error: () => {} },
    ...changes,
  };
}

async function refreshDay(): Promise<void> {
  await copy.server.request({ method: "POST", path: `/${copy.names.tradesOfDay(dayMs)}/_refresh` });
}

async function difference() {
  await refreshDay();
  return compareWithTruth(await readTruth(simulator.url, span), countTape(await readTape(store, span)));
}

function knownOf(marketId: string): Promise<CoverageStretch[]> {
  return store.coverage.readTimeline({ stream: "trades", marketId, fromMs: dayMs, toMs: dayMs + DAY_MS });
}

/** Takes rows away behind the product's back, as no part of it ever does. */
async function deleteRows(query: object): Promise<void> {
  await copy.server.request({
    method: "POST",
    path: `/${copy.names.tradesOfDay(dayMs)}/_delete_by_query`,
    query: { refresh: "true" },
    body: { query },
  });
}

const same = { lost: [], invented: [], duplicated: [] };
const nowhere = `0x${"f".repeat(64)}`;

test("a tape that is true stays as it is, and so does the ledger", async () => {
  expect(await difference()).toEqual(same);

  const report = await selfCheck(theJob(), {});

  expect(report).toMatchObject({ outcome: "done", day: "2026-11-20", missing_rows: 0, extra_rows: 0 });
  const tape = await readTape(store, span);
  expect(tape.length).toBeGreaterThan(2_000);
  expect(report["rows"]).toBe(tape.length);
  expect(report["checked_markets"]).toBeGreaterThanOrEqual(new Set(tape.map((row) => row.marketId)).size);
  expect(await knownOf(nowhere)).toMatchObject([{ state: "complete" }]);
  expect(bus.messages).toEqual([]);
});

test("one of two equal rows that vanished from the store is found and restored, and the ledger says so", async () => {
  const twin = (await readTape(store, span)).find(({ occurrence }) => occurrence === 1);
  if (!twin) throw new Error("the simulator was told to make equal rows");
  await deleteRows({ ids: { values: [twin.tradeId] } });
  const before = await difference();

  const report = await selfCheck(theJob(), {});

  expect(before.lost).toHaveLength(1);
  expect(report).toMatchObject({ outcome: "done", missing_rows: 1, stored: 1, extra_rows: 0 });
  expect(await difference()).toEqual(same);
  expect(await knownOf(twin.marketId)).toMatchObject([{ state: "complete", cause: null }]);
  expect(await knownOf(nowhere)).toMatchObject([{ state: "partial", cause: "count_mismatch" }]);
  const windows = bus.tradesStored.flatMap((each) => each.windows);
  expect(windows).toMatchObject([{ marketId: twin.marketId, assetId: twin.assetId }]);
  expect(bus.messages.at(-1)).toMatchObject({
    subject: "job.backfill.request",
    data: { from: "2026-11-20T00:00:00.000Z", to: "2026-11-21T00:00:00.000Z" },
  });
});

// The loop is closed by messages only: what one function asks for, the other must take.
test("the backfill that it asks for reads the day again, and the ledger calls it complete", async () => {
  await deleteRows({ match_all: {} });
  await selfCheck(theJob({ sample: { marketsMax: 2, volumeRatioMax: 1_000 } }), {});
  const before = await difference();
  const doubted = await knownOf(nowhere);

  const job = {
    ...theJob(),
    source,
    store,
    bounds: { backfillDays: 0, retentionDays: 0 },
    settleSeconds: 600,
    budget: { pagesMax: 10, batchPages: 5 },
  };
  for (let taken = 0; taken < 50; taken += 1) {
    const message = bus.messages.filter(({ subject }) => subject.startsWith("job.backfill."))[taken];
    if (!message) break;
    await backfillTrades(job, message.data as Parameters<typeof backfillTrades>[1]);
  }

  expect(before.lost.length).toBeGreaterThan(100);
  expect(doubted).toMatchObject([{ state: "partial", cause: "count_mismatch" }]);
  expect(await difference()).toEqual(same);
  // Of the hours before the upstream's history nobody can say more than that they are in doubt.
  const servedMs = Math.min(...(await readTape(store, span)).map(({ tsSeconds }) => tsSeconds)) * 1_000;
  const known = await knownOf(nowhere);
  expect(known.at(-1)).toMatchObject({ toMs: dayMs + DAY_MS, state: "complete" });
  expect(known.at(-1)?.fromMs).toBeLessThanOrEqual(servedMs + 1_000);
});

test("rows that came long after the settle time are found, and what was called complete is revised", async () => {
  clock.set(clock.now() + 14_400_000);
  const before = await difference();

  const report = await selfCheck(theJob(), {});

  expect(before.lost.length).toBeGreaterThan(10);
  expect(report).toMatchObject({ outcome: "done", missing_rows: report["stored"], unfinished_markets: 0 });
  expect(await difference()).toEqual(same);
  expect(await knownOf(nowhere)).toMatchObject([{ state: "partial", cause: "count_mismatch" }]);
});

test("a market that looks silent and was not is found", async () => {
  const open = new Set((await store.markets.mostActiveMarkets(MARKETS)).map(({ marketId }) => marketId));
  const { marketId = "" } = (await readTape(store, span)).find((row) => open.has(row.marketId)) ?? {};
  await deleteRows({ term: { market_id: marketId } });
  const { lost } = await difference();

  const report = await selfCheck(theJob(), {});

  expect(lost.length).toBeGreaterThan(10);
  expect(lost.every((key) => key.includes(marketId))).toBe(true);
  expect(report["missing_rows"]).toBeGreaterThan(10);
  expect(await difference()).toEqual(same);
  expect(await knownOf(marketId)).toMatchObject([{ state: "complete", cause: null }]);
});
