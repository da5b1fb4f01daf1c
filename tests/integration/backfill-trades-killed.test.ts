import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { applyTopology, type BusMessage, connectEventBus, type EventBus } from "@polytape/event-bus";
import { findRepository, type RunningServer, startNats } from "@polytape/local";
import { type MarketStore, openMarketStore } from "@polytape/market-store";
import { topology } from "@polytape/nats";
import { type Simulator, startSimulator } from "@polytape/polymarket-simulator";
import { afterEach, beforeEach, expect, inject, test, vi } from "vitest";
import { z } from "zod";
import { compareWithTruth, countTape, readTape, readTruth, type Span } from "../end-to-end/truth.ts";
import { makeStoreCopy, type StoreCopy } from "./market-store-copy.ts";

/**
 * The function as it is deployed, a process for each message of a real server, and most of them are killed: at
 * moments that the seed names, after the start of their work.
 */
const SEED = 20_261_122;
const KILLS_MAX = 9;
/** How long the first call is thought to take; from then on the last one that was let live tells. */
const FIRST_CALL_MS = 150;
const quiet = { marketsMs: 3_600_000, tradesMs: 3_600_000, booksMs: 3_600_000 };

const RUNNER = `
const handler = require(process.argv[2]);
const context = {
  status(code) { this.code = code; return this; },
  headers() { return this; },
  succeed(answer) { console.log("answered " + this.code + " " + answer); process.exit(0); },
};
console.log("called");
void handler({ body: process.argv[3], headers: {}, method: "POST", query: {}, path: "/" }, context);
`;

let folder: string;
let nats: RunningServer;
let simulator: Simulator;
let copy: StoreCopy;
let store: MarketStore;
let bus: EventBus;
const children = new Set<ChildProcess>();

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "backfill-trades-"));
  const repository = findRepository();
  await promisify(execFile)(join(repository, "node_modules/.bin/tsup"), ["--out-dir", folder], {
    cwd: join(repository, "functions/backfill-trades"),
  });
  writeFileSync(join(folder, "runner.cjs"), RUNNER);
  nats = await startNats();
  await applyTopology({ url: nats.url, clientName: "test" }, topology(quiet, 1));
  bus = await connectEventBus({ url: nats.url, clientName: "test" });
  simulator = await startSimulator({
    seed: SEED,
    epochMs: Math.floor(Date.now() / 1_000) * 1_000,
    marketCount: 40,
    historyHours: 1,
    historyTradesPerSecond: 5,
    faults: [{ name: "equal-rows", share: 0.2, since: 0 }],
  });
  copy = await makeStoreCopy(inject("openSearchUrl"));
  store = openMarketStore(copy.settings);
}, 60_000);

afterEach(async () => {
  for (const child of children) child.kill("SIGKILL");
  await bus?.close();
  await nats?.stop();
  await store?.close();
  await copy?.remove();
  await simulator?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** One call in a process of its own; null when it was killed before it answered. */
async function call(body: string, killAfterMs: number | null): Promise<string | null> {
  const { url } = simulator;
  const child = spawn(process.execPath, [join(folder, "runner.cjs"), join(folder, "handler.js"), body], {
    env: {
      OPENSEARCH_URL: copy.settings.urls.join(","),
      OPENSEARCH_INDEX_PREFIX: copy.settings.indexPrefix ?? "",
      NATS_URL: nats.url,
      POLYMARKET_GAMMA_URL: `${url}/gamma`,
      POLYMARKET_DATA_URL: `${url}/data`,
      POLYMARKET_CLOB_URL: `${url}/clob`,
      BACKFILL_DAYS: "0",
      SETTLE_SECONDS: "60",
      BACKFILL_PAGES_PER_RUN_MAX: "1",
      exec_timeout: "60s",
    },
    stdio: ["ignore", "pipe", "ignore"],
  });
  children.add(child);
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => {
    const wasCalled = output.includes("called");
    output += chunk.toString();
    if (!wasCalled && output.includes("called") && killAfterMs !== null)
      setTimeout(() => child.kill("SIGKILL"), killAfterMs);
  });
  await new Promise((resolve) => child.once("exit", resolve));
  children.delete(child);
  return /answered (.*)/.exec(output)?.[1] ?? null;
}

/** How long the function itself was at work, by its own report. */
function tookMs(answer: string | null): number | null {
  const found = /"took_ms":(\d+)/.exec(answer ?? "");
  return found ? Number(found[1]) : null;
}

/** The same numbers for the same seed, below one. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

const checkpoint = z.object({ state: z.string(), pages: z.number(), stored: z.number(), rows: z.number() });

test("killed at any moment and called again, it ends with the whole truth, and the ledger says so", async () => {
  const now = Math.floor(Date.now() / 1_000);
  const span: Span = { from: now - 1_500, to: now - 301 };
  const random = seeded(SEED);
  const killed: number[] = [];
  let callMs = FIRST_CALL_MS;
  const answers: string[] = [];
  const consumption = await bus.consume(
    { name: "test", subject: "job.backfill.>", concurrencyMax: 1, batchMax: 1, acknowledgeWithinMs: 60_000 },
    async ([message]: readonly BusMessage[]) => {
      if (!message) return;
      const mayKill = killed.length < KILLS_MAX && random() < 0.7;
      const killAfterMs = mayKill ? Math.floor(random() * callMs) : null;
      const answer = await call(Buffer.from(message.data).toString("utf8"), killAfterMs);
      if (answer === null && killAfterMs !== null) killed.push(killAfterMs);
      if (answer !== null) answers.push(answer);
      callMs = tookMs(answer) ?? callMs;
      if (answer?.startsWith("200")) await message.acknowledge();
      else message.retryAfter(0);
    },
  );
  const readState = async () => {
    const found = await store.checkpoints.read("backfill:asked-killed");
    return found && checkpoint.parse(found.state);
  };

  const request = { from: timeOf(span.from), to: timeOf(span.to), request_id: "killed" };
  await bus.publish("job.backfill.request", request);
  await vi.waitUntil(async () => (await readState())?.state === "done", { timeout: 100_000, interval: 200 });
  await consumption.drain();
  await call("{}", null);

  await copy.settle();
  const told = `seed ${SEED}, killed after ${killed.join(", ")} ms; ${answers.join("\n")}`;
  expect(killed.length, told).toBeGreaterThanOrEqual(5);
  const truth = await readTruth(simulator.url, span);
  expect(truth.size).toBeGreaterThan(3_000);
  const compared = compareWithTruth(truth, countTape(await readTape(store, span)));
  expect(compared, told).toEqual({ lost: [], invented: [], duplicated: [] });
  expect(await stretches(), told).toEqual([[span.from, span.to, "complete"]]);
  expect(answers.filter((answer) => !answer.startsWith("200"))).toEqual([]);
  // Each page counts once, whatever was read again.
  const state = await readState();
  expect(state?.pages, told).toBeLessThanOrEqual(Math.ceil((state?.rows ?? 0) / 1_000) + 1);
}, 150_000);

async function stretches(): Promise<[number, number, string][]> {
  const range = { fromMs: Date.now() - 86_400_000, toMs: Date.now() + 86_400_000, limit: 1_000 };
  const found = await store.coverage.findIntervals({ stream: "trades", ...range });
  return found.map(({ fromMs, toMs, state }) => [fromMs / 1_000, toMs / 1_000, state]);
}

function timeOf(seconds: number): string {
  return new Date(seconds * 1_000).toISOString();
}
