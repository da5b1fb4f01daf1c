import { readFileSync } from "node:fs";
import { join } from "node:path";
import { readEnvironment } from "@polytape/function-runtime";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { openDice } from "../integration/long-run/dice.ts";
import { judge, type Verdict } from "../integration/long-run/judge.ts";
import { aStack, type TestStack, until } from "./a-stack.ts";
import {
  compareWithTruth,
  countTape,
  naiveCandles,
  readCandles,
  readTape,
  readTruth,
  type Span,
} from "./truth.ts";

/** One minute in `make test`, five in `make soak`. */
const RUN_SECONDS = Number(readEnvironment()["SOAK_SECONDS"] ?? 60);
const SEED = Number(readEnvironment()["TEST_SEED"] ?? 20_261_122);
const TRADES_PER_SECOND = 200;
const SETTLE_SECONDS = 20;

/** Thrown at every reader, Gamma and CLOB included, by request count; slow answers where a walk waits for them. */
const FAULTS = [
  { name: "rate-limited", every: 13, retry_after_seconds: 1 },
  { name: "server-errors", every: 11 },
  { name: "html-403", every: 23 },
  { name: "truncated-body", every: 19 },
  { name: "slow", every: 17, delay_ms: 6_000, path: "/data" },
];
/** Lists that are read by offset repeat rows. */
const PAGE_SHIFT = { name: "page-shift", every: 5, rows: 3 };

let stack: TestStack;
const epochSeconds = Math.floor(Date.now() / 1_000);

beforeAll(async () => {
  stack = await aStack({
    simulator: {
      seed: SEED,
      args: [
        ...["--epoch", String(epochSeconds), "--rate", String(TRADES_PER_SECOND), "--markets", "80"],
        ...["--history-hours", "0.02", "--history-rate", "5"],
        ...["--fault", "malformed-rows:share=0.01,since=0", "--fault", "equal-rows:share=0.1,since=0"],
        // One row in ten appears below the head, where the tail has passed.
        ...["--fault", "late-trades:share=0.1,delay_seconds=8,since=0"],
      ],
    },
    settings: {
      POLL_INTERVAL_TRADES_MS: "1000",
      POLL_INTERVAL_BOOKS_MS: "5000",
      POLL_INTERVAL_MARKETS_MS: "5000",
      SETTLE_SECONDS: String(SETTLE_SECONDS),
      SETTLE_EVERY_SECONDS: "5",
    },
  });
});
afterAll(() => stack?.stop());

async function switchFault(fault: object): Promise<void> {
  const answer = await fetch(`${stack.simulatorUrl}/_faults`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ seed: SEED, ...fault }),
  });
  if (!answer.ok) throw new Error(`the simulator refused a fault: ${await answer.text()}`);
}

async function clearFault(name: string): Promise<void> {
  await fetch(`${stack.simulatorUrl}/_faults/${name}`, { method: "DELETE" });
}

const requestCounts = z.record(z.string(), z.object({ faults: z.record(z.string(), z.number()) }));

/** Which faults were thrown, as the simulator counted. */
async function thrownFaults(): Promise<Set<string>> {
  const answer = await fetch(`${stack.simulatorUrl}/_requests`);
  const counts = Object.values(requestCounts.parse(await answer.json()));
  return new Set(counts.flatMap(({ faults }) => Object.keys(faults)));
}

/** The process of a function, by the gateway's own record. */
function functionPid(name: string): number | null {
  const record = JSON.parse(readFileSync(join(stack.home, "run", "functions.json"), "utf8"));
  return z.record(z.string(), z.object({ pid: z.int().nullable() })).parse(record)[name]?.pid ?? null;
}

async function killAndAwaitReturn(name: string, pidOf: () => number | null): Promise<void> {
  const before = await until(`process of ${name}`, 30, async () => pidOf());
  process.kill(before, "SIGKILL");
  await until(`new process of ${name}`, 60, async () => {
    const now = pidOf();
    return now !== null && now !== before;
  });
}

const NOTHING_WRONG = { lies: [], invented: [], duplicated: [] };

/**
 * What the ledger calls complete and lacks rows, and what the tape holds too much, at this moment: of all but the last
 * half minute, in which rows may become visible between two looks.
 */
async function wrongBy(): Promise<Pick<Verdict, "lies" | "invented" | "duplicated">> {
  const span = { from: epochSeconds - 3_600, to: Math.floor(Date.now() / 1_000) - 30 };
  const truth = (of: Span) => readTruth(stack.simulatorUrl, of);
  const { lies, invented, duplicated } = await until("judgement of tape and ledger", 60, () =>
    judge(stack.store, { truth }, span),
  );
  return { lies, invented, duplicated };
}

function shuffled<T>(items: readonly T[], seed: number): T[] {
  const dice = openDice(seed);
  return items
    .map((item) => ({ item, place: dice.share() }))
    .sort((a, b) => a.place - b.place)
    .map(({ item }) => item);
}

const tapeState = z.object({ anchor: z.object({ tsSeconds: z.int() }).nullable() });

async function anchorSeconds(): Promise<number> {
  const checkpoint = await stack.store.checkpoints.read("trades:live");
  return tapeState.parse(checkpoint?.state).anchor?.tsSeconds ?? 0;
}

test(
  `keeps every trade once and rebuilds every candle through kills and faults (seed ${SEED})`,
  async () => {
    await until("first trades", 60, async () => (await anchorSeconds()) > 0);
    for (const fault of [...FAULTS, PAGE_SHIFT]) await switchFault(fault);
    // One message that no retry can mend: the one dead letter that this run calls for.
    await stack.bus.publish("trades.stored.taker", { windows: "not a list" });

    const startedMs = Date.now();
    const reach = (share: number) =>
      until(
        `${share} of the run`,
        RUN_SECONDS + 60,
        async () => Date.now() - startedMs > share * RUN_SECONDS * 1_000,
      );
    const victims: readonly [string, () => number | null][] = [
      ["opensearch", () => stack.pids().opensearch ?? null],
      ["nats", () => stack.pids().nats ?? null],
      ["function-trigger", () => stack.pids()["function-trigger"] ?? null],
      ["ingest-trades", () => functionPid("ingest-trades")],
      ["build-candles", () => functionPid("build-candles")],
    ];
    const order = shuffled(victims, SEED);
    console.log(`kills, in this order: ${order.map(([name]) => name).join(", ")}`);
    for (const [place, [name, pidOf]] of order.entries()) {
      await reach(0.1 + 0.16 * place);
      await killAndAwaitReturn(name, pidOf);
      expect(await wrongBy(), `after the return of ${name}`).toEqual(NOTHING_WRONG);
    }
    await reach(1);
    for (const fault of [...FAULTS, PAGE_SHIFT]) await clearFault(fault.name);
    expect([...(await thrownFaults())]).toEqual(expect.arrayContaining(FAULTS.map(({ name }) => name)));

    const endSeconds = Math.floor(Date.now() / 1_000);
    // Ten minutes before the first start are the backfill's, which begins when its span has settled.
    const known = { fromMs: (epochSeconds - 60) * 1_000, toMs: endSeconds * 1_000 };
    await until("everything called complete", 180, async () => {
      const timeline = await stack.store.coverage.readTimeline({ stream: "trades", ...known });
      // Where a row was refused, nobody can say that nothing is missing.
      return timeline.every(({ state, cause }) => state === "complete" || cause === "row_rejected");
    });
    expect(await wrongBy(), "at the end").toEqual(NOTHING_WRONG);
    const span = { from: epochSeconds - 3_600, to: endSeconds };
    const truth = await readTruth(stack.simulatorUrl, span);
    const tape = countTape(await readTape(stack.store, span));
    const rows = [...truth.values()].reduce((sum, count) => sum + count, 0);
    expect(rows).toBeGreaterThan(RUN_SECONDS * TRADES_PER_SECOND * 0.8);
    expect(
      [...truth.values()].some((count) => count > 1),
      "the truth holds equal rows",
    ).toBe(true);
    expect(compareWithTruth(truth, tape)).toEqual({ lost: [], invented: [], duplicated: [] });

    // Nothing more arrives from here on: every stored trade must be in its candles.
    await switchFault({ name: "server-errors", probability: 1, path: "/data" });
    const whole = { from: epochSeconds - 3_600, to: endSeconds + 3_600 };
    const isCalm = async () => {
      const before = (await readTape(stack.store, whole)).length;
      await new Promise((resolve) => setTimeout(resolve, 4_000));
      return (await readTape(stack.store, whole)).length === before;
    };
    await until("calm tape", 60, isCalm);
    const stored = countTape(await readTape(stack.store, whole));
    for (const [interval, seconds] of [
      ["1m", 60],
      ["5m", 300],
      ["1h", 3_600],
    ] as const) {
      const naive = naiveCandles(stored, seconds);
      const tokens = new Set([...naive.values()].map((candle) => candle.assetId));
      const read = () =>
        readCandles(stack.store, tokens, interval, { from: whole.from - 3_600, to: whole.to });
      await until(`${interval} candles`, 60, async () => (await read()).size === naive.size).catch(() => {});
      await until(`equal ${interval} candles`, 60, async () => {
        expect(await read()).toEqual(naive);
        return true;
      }).catch(() => {});
      expect(await read()).toEqual(naive);
    }

    const dead = await stack.bus.listDeadLetters({ limit: 100 });
    expect(dead.map(({ functionName, status }) => ({ functionName, status }))).toEqual([
      { functionName: "build-candles", status: 400 },
    ]);
    expect((await stack.store.rejections.findSamples({ kind: "trade", limit: 10 })).length).toBeGreaterThan(
      0,
    );
  },
  (RUN_SECONDS + 600) * 1_000,
);
