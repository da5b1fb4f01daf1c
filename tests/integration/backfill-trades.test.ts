import { type BackfillTradesParts, backfillTrades } from "@polytape/backfill-trades";
import { type InMemoryBus, inMemoryBus } from "@polytape/event-bus/in-memory";
import { type MarketStore, openMarketStore } from "@polytape/market-store";
import { manualClock, type Simulator, startSimulator } from "@polytape/polymarket-simulator";
import { connectPolymarket } from "@polytape/polymarket-source";
import { afterEach, beforeEach, expect, inject, test } from "vitest";
import { z } from "zod";
import { compareWithTruth, countTape, readTape, readTruth, type Span } from "../end-to-end/truth.ts";
import { makeStoreCopy, type StoreCopy } from "./market-store-copy.ts";

/** The job as deployed, on the real store, against the simulator; only its messages stay in this process. */
const epochSeconds = 1_790_000_400;
const clock = manualClock((epochSeconds + 60) * 1_000);
/** Begins and ends within seconds that hold trades. */
const span: Span = { from: epochSeconds - 1_500, to: epochSeconds - 301 };
const request = { from: timeOf(span.from), to: timeOf(span.to) };

let simulator: Simulator;
let copy: StoreCopy;
let store: MarketStore;
let bus: InMemoryBus;

beforeEach(async () => {
  clock.set((epochSeconds + 60) * 1_000);
  simulator = await startSimulator({
    seed: 11,
    epochMs: epochSeconds * 1_000,
    clock,
    marketCount: 40,
    historyHours: 1,
    historyTradesPerSecond: 5,
    faults: [{ name: "equal-rows", share: 0.2, since: 0 }],
  });
  copy = await makeStoreCopy(inject("openSearchUrl"));
  store = openMarketStore(copy.settings, { now: clock.now });
  bus = inMemoryBus();
});

afterEach(async () => {
  await store?.close();
  await copy?.remove();
  await simulator?.close();
});

function theJob(changes: Partial<BackfillTradesParts> = {}): BackfillTradesParts {
  const url = simulator.url;
  const settings = { gammaUrl: `${url}/gamma`, dataUrl: `${url}/data`, clobUrl: `${url}/clob` };
  return {
    source: connectPolymarket(
      { ...settings, limitShare: 0.4, timeoutMs: 5_000, triesMax: 2 },
      { now: clock.now, sleep: async () => {} },
    ),
    store,
    bus,
    bounds: { backfillDays: 0, retentionDays: 0 },
    settleSeconds: 60,
    pause: async () => {},
    budget: { pagesMax: 2, batchPages: 1 },
    now: clock.now,
    signal: new AbortController().signal,
    log: { info: () => {}, warn: () => {}, error: () => {} },
    ...changes,
  };
}

/** Delivers its jobs, and ticks every minute, until no backfill is open. Returns how many calls failed. */
async function runToEnd(job: BackfillTradesParts): Promise<number> {
  let failures = 0;
  let jobsDone = 0;
  for (let calls = 0; calls < 400; calls += 1) {
    const message = bus.messages.filter(({ subject }) => subject === "job.backfill.next")[jobsDone];
    const outcome = await backfillTrades(job, message ? jobBody.parse(message.data) : {}).then(
      (report) => report["outcome"],
      () => "threw",
    );
    if (message && outcome !== "threw") jobsDone += 1;
    if (outcome === "threw" || outcome === "throttled") failures += 1;
    if (outcome === "threw" || !message) clock.set(clock.now() + 60_000);
    if (outcome === "nothing_to_do" && (await isOver())) return failures;
  }
  throw new Error("the backfill does not end");
}

const jobBody = z.object({ backfill: z.string(), position: z.string() });
const listState = z.object({ backfills: z.array(z.object({ open: z.boolean() })) });

async function isOver(): Promise<boolean> {
  const found = await store.checkpoints.read("backfills");
  return found !== null && listState.parse(found.state).backfills.every(({ open }) => !open);
}

async function completeStretches(marketId: string | null): Promise<[number, number][]> {
  await copy.settle();
  const day = 86_400_000;
  const found = await store.coverage.findIntervals({
    stream: "trades",
    fromMs: clock.now() - 30 * day,
    toMs: clock.now() + day,
    limit: 1_000,
  });
  const stretches: [number, number][] = [];
  for (const interval of found.sort((a, b) => a.fromMs - b.fromMs)) {
    if (interval.state !== "complete" || interval.marketId !== marketId) continue;
    const [from, to] = [interval.fromMs / 1_000, interval.toMs / 1_000];
    const last = stretches.at(-1);
    if (last && last[1] >= from) last[1] = Math.max(last[1], to);
    else stretches.push([from, to]);
  }
  return stretches;
}

const same = { lost: [], invented: [], duplicated: [] };

test("the span asked for is on the tape as it was traded, and is called complete exactly", async () => {
  const job = theJob();
  const first = await backfillTrades(job, request);
  await runToEnd(job);

  await copy.settle();
  const truth = await readTruth(simulator.url, span);
  expect(truth.size).toBeGreaterThan(3_000);
  expect([...truth.values()].some((count) => count > 1)).toBe(true);
  expect(compareWithTruth(truth, countTape(await readTape(store, span)))).toEqual(same);
  expect(await completeStretches(null)).toEqual([[span.from, span.to]]);
  expect(first).toMatchObject({ outcome: "running", estimate: { rows: expect.any(Number) } });
});

test("an upstream that fails and throttles costs calls, and no trade", async () => {
  const job = theJob();
  simulator.setFault({ name: "server-errors", every: 3, path: "/data" });
  simulator.setFault({ name: "rate-limited", every: 5, path: "/data", retry_after_seconds: 20 });

  await backfillTrades(job, request).catch(() => {});
  const failures = await runToEnd(job);

  await copy.settle();
  const truth = await readTruth(simulator.url, span);
  expect(compareWithTruth(truth, countTape(await readTape(store, span)))).toEqual(same);
  expect(await completeStretches(null)).toEqual([[span.from, span.to]]);
  expect(failures).toBeGreaterThan(0);
});

test("one market is filled in by its own feed, as far as was asked for, and says nothing of the others", async () => {
  const lines = (await (await fetch(`${simulator.url}/_truth/trades?from=${span.from}&to=${span.to}`)).text())
    .trim()
    .split("\n")
    .map((line) => z.object({ market_id: z.string() }).parse(JSON.parse(line)).market_id);
  const [marketId = ""] = lines;
  const job = theJob();

  await backfillTrades(job, { ...request, market_id: marketId });
  await runToEnd(job);

  await copy.settle();
  const truth = await readTruth(simulator.url, span);
  const ofMarket = new Map([...truth].filter(([key]) => key.includes(marketId)));
  expect(ofMarket.size).toBeGreaterThan(10);
  expect(compareWithTruth(ofMarket, countTape(await readTape(store, span)))).toEqual(same);
  expect(await completeStretches(marketId)).toEqual([[span.from, span.to]]);
  expect(await completeStretches(null)).toEqual([]);
});

test("what lies before the upstream's history is called missing", async () => {
  const job = theJob({
    bounds: { backfillDays: 1, retentionDays: 0 },
    budget: { pagesMax: 50, batchPages: 5 },
  });

  await backfillTrades(job, {});
  clock.set(clock.now() + 60_000);
  await backfillTrades(job, {});
  const report = await backfillTrades(job, { backfill: "first" });

  await copy.settle();
  const [oldest] = await store.trades.findTrades({ sort: "asc", limit: 1 });
  // Of the oldest second that is served a part may be cut off.
  const served = (oldest?.tsSeconds ?? 0) + 1;
  expect(report).toMatchObject({ outcome: "done", missing_before: served });
  expect(await completeStretches(null)).toEqual([[served, epochSeconds + 60]]);
});

function timeOf(seconds: number): string {
  return new Date(seconds * 1_000).toISOString();
}
