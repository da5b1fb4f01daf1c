import { inMemoryBus } from "@polytape/event-bus/in-memory";
import { collectTrades } from "@polytape/ingest-trades/collect-trades.ts";
import { SECOND_MS } from "@polytape/market-model";
import { inMemoryStore } from "@polytape/market-store/in-memory";
import { type Simulator, startSimulator } from "@polytape/polymarket-simulator";
import { connectPolymarket } from "@polytape/polymarket-source";
import { afterEach, expect, test } from "vitest";
import { compareWithTruth, countTape, readTape, readTruth } from "../end-to-end/truth.ts";

/** The live tail and the settle walk over an upstream that has v1 only, or loses and regains its v2. */
const EPOCH = Date.UTC(2026, 10, 20, 12);
const SETTLE_S = 120;
const silent = { info: () => {}, warn: () => {}, error: () => {} };
let simulator: Simulator;
afterEach(() => simulator.close());

async function aCollector() {
  const world = { nowMs: EPOCH + 60_000 };
  simulator = await startSimulator({
    epochMs: EPOCH,
    marketCount: 40,
    historyHours: 0.05,
    historyTradesPerSecond: 2,
    tradesPerSecond: 3,
    equalRowsShare: 0.2,
    now: () => world.nowMs,
  });
  const hosts = { gammaUrl: simulator.url, dataUrl: simulator.url, clobUrl: simulator.url };
  const source = connectPolymarket(
    { ...hosts, limitShare: 1, timeoutMs: 5_000, triesMax: 2 },
    { now: () => world.nowMs, sleep: async () => {} },
  );
  const store = inMemoryStore();
  const tick = () =>
    collectTrades({
      source,
      store,
      bus: inMemoryBus(),
      feed: { name: "live", rowSet: "taker", isWhole: true },
      budget: { pagesMax: 20, batchRowsMax: 5_000 },
      settle: { afterSeconds: SETTLE_S, everySeconds: 60, pagesMax: 40, upstreamLagSecondsMax: 60 },
      pause: async () => {},
      now: () => world.nowMs,
      signal: new AbortController().signal,
      log: silent,
    });
  const run = async (ticks: number, stepMs = 10_000) => {
    const reports = [];
    for (let at = 0; at < ticks; at += 1) {
      reports.push(await tick());
      world.nowMs += stepMs;
    }
    return reports;
  };
  return { store, world, run };
}

type Collector = Awaited<ReturnType<typeof aCollector>>;

/** What the store and the ledger say against what the world knows; seconds of event time. */
async function compare({ store, world }: Collector) {
  const span = { from: EPOCH / 1_000 - 600, to: Math.floor(world.nowMs / 1_000) };
  const truth = await readTruth(simulator.url, span);
  const { lost, invented, duplicated } = compareWithTruth(truth, countTape(await readTape(store, span)));
  const window = { fromMs: span.from * SECOND_MS, toMs: span.to * SECOND_MS };
  const timeline = await store.coverage.readTimeline({ stream: "trades", ...window });
  const isIn = (state: string) => (key: string) => {
    const atMs = Number(key.split(" ").at(-1)) * SECOND_MS;
    return timeline.some((one) => one.state === state && one.fromMs <= atMs && atMs < one.toMs);
  };
  const rows = [...truth.keys()];
  return {
    wronglyComplete: lost.filter(isIn("complete")),
    notOfTheTruth: [...invented, ...duplicated],
    complete: rows.filter(isIn("complete")).length,
    missing: rows.filter(isIn("missing")).length,
  };
}

test.each([
  ["inclusive", 400],
  ["exclusive", 90],
])(
  "by closed windows (%s, %i rows) what is called complete is whole, late rows included",
  async (end, limit) => {
    const collector = await aCollector();
    simulator.setFault({ name: "v2-absent" });
    simulator.setFault({ name: "v1-form", end, limit_max: limit });
    simulator.setFault({ name: "late-trades", share: 0.1, delay_seconds: 90 });
    simulator.setFault({ name: "equal-rows", share: 0.4 });

    const reports = await collector.run(40);

    const { complete, wronglyComplete, notOfTheTruth } = await compare(collector);
    expect(complete).toBeGreaterThan(500);
    expect([wronglyComplete, notOfTheTruth]).toEqual([[], []]);
    expect(reports.filter((report) => report["upstream"] === "v1").length).toBeGreaterThan(20);
  },
);

test("while v2 comes and goes nothing is lost, twice or wrongly called complete", async () => {
  const collector = await aCollector();
  for (let times = 0; times < 4; times += 1) {
    await collector.run(8);
    simulator.setFault({ name: "v2-absent", status: times % 2 === 0 ? 404 : 501 });
    await collector.run(8, 9_000);
    simulator.clearFault("v2-absent");
  }

  const { complete, wronglyComplete, notOfTheTruth } = await compare(collector);
  expect(complete).toBeGreaterThan(500);
  expect([wronglyComplete, notOfTheTruth]).toEqual([[], []]);
});

test.each(["refuse", "repeat", "empty"])(
  "where v1 has neither windows nor depth (%s), what it does not give is never called complete",
  async (mode) => {
    const collector = await aCollector();
    await collector.run(10);
    simulator.setFault({ name: "v2-absent" });
    simulator.setFault({ name: "v1-form", windows: "ignored", limit_max: 100 });
    simulator.setFault({ name: "offset-cap", cap: 400, mode });
    // Nobody collects for ten minutes: more rows than the cap lets through.
    collector.world.nowMs += 600_000;

    await collector.run(60);

    const { wronglyComplete, notOfTheTruth, missing } = await compare(collector);
    expect([wronglyComplete, notOfTheTruth]).toEqual([[], []]);
    expect(missing).toBeGreaterThan(500);
  },
);
