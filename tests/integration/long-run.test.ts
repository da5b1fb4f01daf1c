import { readEnvironment } from "@polytape/function-runtime";
import { expect, test } from "vitest";
import { SETTLE_SECONDS } from "./long-run/a-machine.ts";
import { openScene, settleDown, tellStory, tellTailStory } from "./long-run/a-story.ts";
import { secondOf, stateAt } from "./long-run/judge.ts";

/**
 * Hours of collecting in seconds. The upstream is the simulator's world behind the real client; the store is the
 * in-memory one, whose promises are those of the real one by a shared suite: here it is a matter of the orders
 * in which things happen, and of those a process can live through far more than a server.
 */
const { LONG_RUN_SEED, LONG_RUN_SEEDS } = readEnvironment();
const COUNT = Number(LONG_RUN_SEEDS ?? 6);
const seeds = (count: number, from: number) =>
  LONG_RUN_SEED === undefined
    ? Array.from({ length: Math.ceil(count) }, (_, index) => from + index)
    : [Number(LONG_RUN_SEED)];
const secondsOf = (stretches: readonly { fromMs: number; toMs: number }[]) =>
  stretches.reduce((sum, { fromMs, toMs }) => sum + (toMs - fromMs) / 1_000, 0);
const sumOf = (said: readonly { evidence: Readonly<Record<string, unknown>> }[], name: string) =>
  said.reduce((sum, { evidence }) => sum + Number(evidence[name] ?? 0), 0);
const TIMEOUT_MS = 180_000;

test.each(seeds(COUNT, 1_000))(
  "loses, doubles and invents nothing, and calls complete what is, and nothing else (again: LONG_RUN_SEED=%i)",
  async (seed) => {
    const { verdict, wrongCandles, settledTo, begunSeconds, counts } = await tellStory(seed, { hours: 1.5 });
    if (LONG_RUN_SEED !== undefined) console.log(counts);

    expect(verdict.lost.filter((key) => secondOf(key) < settledTo)).toEqual([]);
    expect(wrongCandles).toEqual([]);
    const known = verdict.timeline.filter(
      ({ fromMs, toMs }) => toMs > begunSeconds * 1_000 && fromMs < settledTo * 1_000,
    );
    const doubted = known.filter(({ state }) => state !== "complete");
    expect(doubted.filter(({ cause }) => cause !== "row_rejected")).toEqual([]);
    // One row in a hundred is malformed.
    expect(secondsOf(doubted)).toBeLessThan(secondsOf(known) / 10);
  },
  TIMEOUT_MS,
);

// In the whole, a settle walk mends what a wrong tail leaves out, and would hide it.
test.each(seeds(COUNT / 2, 4_000))(
  "leaves nothing out above the tail's begin, without any help (again: LONG_RUN_SEED=%i)",
  async (seed) => {
    expect(await tellTailStory(seed, { hours: 0.7 })).toEqual({ lacking: [], wrongCandles: [] });
  },
  TIMEOUT_MS,
);

// Nobody can have what was made while the collector was down and is served no longer: it must be said.
test.each(seeds(COUNT / 4, 2_000))(
  "says of every second of which something was lost in an outage why, and calls none missing that is there (again: LONG_RUN_SEED=%i)",
  async (seed) => {
    const { verdict, wrongCandles, settledTo, begunSeconds } = await tellStory(seed, {
      hours: 1.5,
      servedSeconds: 1_500,
    });

    const within = (second: number) => second >= begunSeconds && second < settledTo;
    const lost = new Set(verdict.lost.map(secondOf).filter(within));
    expect(lost.size).toBeGreaterThan(0);
    const saidOf = (second: number) => stateAt(verdict.timeline, second);
    expect([...lost].map(saidOf).filter((said) => said?.cause !== "upstream_cap")).toEqual([]);
    // Of a second that is called missing nothing is there, but for what a process stored that died before it said so: how
    // much that is hangs on where the dice let it die.
    const calledMissing = (second: number) => within(second) && saidOf(second)?.state === "missing";
    const missing = [...lost].filter(calledMissing);
    const kept = new Set(verdict.kept.map(secondOf).filter(calledMissing));
    expect(missing.length).toBeGreaterThan(0);
    expect(kept.size).toBeLessThanOrEqual(missing.length / 2);
    expect(wrongCandles).toEqual([]);
  },
  TIMEOUT_MS,
);

// The settle time is a judgement of how late rows come; one that comes later still is found by whoever reads again.
test(
  "keeps rows that come after the settle time as soon as somebody reads again, and revises the ledger",
  async () => {
    const scene = openScene(3_000, { lateShare: 0, tradesPerSecond: 0.8 });
    const { clock, machine, upstream } = scene;
    await machine.collect();
    clock.advance(60_000);
    const fromSeconds = Math.ceil(clock.now() / 1_000);
    upstream.setLate(0.3, SETTLE_SECONDS * 3);
    clock.advance(300_000);
    upstream.setLate(0, 1);
    await settleDown(scene);
    clock.advance(SETTLE_SECONDS * 3_000);
    await settleDown(scene);
    const before = await scene.judge();
    const stretch = { fromMs: fromSeconds * 1_000, toMs: (fromSeconds + 300) * 1_000 };
    const count = async () => {
      const said = await machine.store.coverage.findIntervals({ ...stretch, limit: 100 });
      const doubted = said.filter(({ state }) => state !== "complete");
      expect(doubted.filter(({ cause }) => cause !== "row_rejected")).toEqual([]);
      const { n } = await machine.store.trades.aggregateTrades(stretch);
      return { lateRows: sumOf(said, "late_rows"), stored: n };
    };

    const request = {
      from: new Date(stretch.fromMs).toISOString(),
      to: new Date(stretch.toMs).toISOString(),
    };
    const known = await count();
    await machine.backfill(undefined, request);
    while ((await machine.backfill())["outcome"] !== "nothing_to_do") clock.advance(1_000);
    const found = await count();
    await settleDown(scene);

    // Of the new rows only those count as late whose second was called complete: not beside a malformed one.
    const [late, stored] = [found.lateRows - known.lateRows, found.stored - known.stored];
    expect(late).toBeLessThanOrEqual(stored);
    expect(late).toBeGreaterThan(stored * 0.9);
    expect(before.lies.length).toBeGreaterThan(10);
    expect((await scene.check()).lost.filter((key) => secondOf(key) * 1_000 < stretch.toMs)).toEqual([]);
    expect(await scene.wrongCandles()).toEqual([]);
  },
  TIMEOUT_MS,
);
