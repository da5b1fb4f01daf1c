import { QUICK_JAVA, type RunningServer, startOpenSearch } from "@polytape/local";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { judge, wrongCandles } from "../integration/long-run/judge.ts";
import { aStack, type TestStack, until } from "./a-stack.ts";
import { type RefusingProxy, startRefusingProxy } from "./refusing-proxy.ts";
import { readTruth, type Span } from "./truth.ts";

/**
 * Collectors run by schedule while the store's disk is full, and then while the store refuses writes: what they say
 * meanwhile, and whether anything is missing at the end.
 */
const SEED = 31;
const TRADES_PER_SECOND = 100;
/** Far less than a message meets here: all that waited would be buried if its tries were counted. */
const DELIVERIES_MAX = 4;
const TROUBLE_MS = 22_000;
const epochSeconds = Math.floor(Date.now() / 1_000);

let openSearch: RunningServer;
let proxy: RefusingProxy;
let stack: TestStack;

beforeAll(async () => {
  openSearch = await startOpenSearch({ javaOptions: QUICK_JAVA });
  proxy = await startRefusingProxy(openSearch.url);
  stack = await aStack({
    simulator: {
      seed: SEED,
      args: [
        ...["--epoch", String(epochSeconds), "--rate", String(TRADES_PER_SECOND), "--markets", "80"],
        ...["--history-hours", "0.02", "--history-rate", "5"],
        ...["--fault", "equal-rows:share=0.1,since=0"],
      ],
    },
    settings: {
      OPENSEARCH_URL: proxy.url,
      POLL_INTERVAL_TRADES_MS: "1000",
      POLL_INTERVAL_BOOKS_MS: "2000",
      POLL_INTERVAL_MARKETS_MS: "2000",
      SETTLE_SECONDS: "20",
      SETTLE_EVERY_SECONDS: "5",
      TRIGGER_DELIVERIES_MAX: String(DELIVERIES_MAX),
      TRIGGER_DELAY_MAX_MS: "1000",
    },
  });
});
afterAll(async () => {
  await stack?.stop();
  await proxy?.close();
  await openSearch?.stop();
});

const report = z.object({
  skipped: z.string().optional(),
  error: z.object({ code: z.string() }).optional(),
});

/** What a function says when it is called now, beside its schedule. */
async function saidBy(name: string): Promise<string> {
  const answer = await fetch(`${stack.urls.gateway}/function/${name}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: "{}",
  });
  const { error, skipped } = report.parse(await answer.json());
  return `${answer.status} ${error?.code ?? skipped ?? "ran"}`;
}

/** For a while, over and over: everything that a function says. */
async function saidDuring(untilMs: number, name: string): Promise<Set<string>> {
  const said = new Set<string>();
  while (Date.now() < untilMs) {
    said.add(await saidBy(name));
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
  return said;
}

const DISK = "cluster.routing.allocation.disk.watermark";
/** No disk has so much left: OpenSearch finds its own full, and blocks all indices by itself. */
const FULL = { [`${DISK}.low`]: "3000tb", [`${DISK}.high`]: "2000tb", [`${DISK}.flood_stage`]: "1000tb" };

/** Where it looks at its disk every ten seconds, it also lifts its blocks by itself. */
async function setDiskFull(isFull: boolean): Promise<void> {
  const disk = isFull ? FULL : Object.fromEntries(Object.keys(FULL).map((name) => [name, null]));
  const answer = await fetch(`${openSearch.url}/_cluster/settings`, {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ transient: { "cluster.info.update.interval": "10s", ...disk } }),
  });
  if (!answer.ok) throw new Error(`OpenSearch refused the setting: ${await answer.text()}`);
  await until(isFull ? "a block" : "no block", 60, async () => {
    const { blocked } = await stack.store.inspect();
    return isFull ? blocked.some(({ index }) => index.startsWith("trades_v1-")) : blocked.length === 0;
  });
}

const tapeState = z.object({ anchor: z.object({ tsSeconds: z.int() }).nullable() });
const backfillState = z.object({ state: z.string() });

async function anchorSeconds(): Promise<number> {
  const checkpoint = await stack.store.checkpoints.read("trades:live");
  return tapeState.parse(checkpoint?.state).anchor?.tsSeconds ?? 0;
}

async function tailHasPassed(second: number): Promise<void> {
  await until("the live tail to go on", 60, async () => (await anchorSeconds()) >= second);
}

async function isBackfilled(id: string): Promise<boolean> {
  const found = await stack.store.checkpoints.read(`backfill:${id}`);
  return found !== null && backfillState.parse(found.state).state === "done";
}

/** A message as other functions send them: begun once, however often it comes. */
async function askForBackfill(id: string): Promise<void> {
  const [from, to] = [epochSeconds, epochSeconds + 10].map((second) =>
    new Date(second * 1_000).toISOString(),
  );
  await stack.bus.publish("job.backfill.request", { from, to, request_id: id });
}

async function stopUpstream(): Promise<void> {
  const answer = await fetch(`${stack.simulatorUrl}/_faults`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ seed: SEED, name: "server-errors", probability: 1, path: "/data" }),
  });
  if (!answer.ok) throw new Error(`the simulator refused a fault: ${await answer.text()}`);
}

test("a full disk, then refused writes: said while they last, nothing missing, nothing twice, nothing buried", async () => {
  await until("first trades", 60, async () => (await anchorSeconds()) > 0);
  await until(
    "a first look at books",
    60,
    async () => (await stack.store.checkpoints.read("books")) !== null,
  );

  await setDiskFull(true);
  await askForBackfill("in-full-disk");
  const fullUntilMs = Date.now() + TROUBLE_MS;
  const [markets, trades, books] = await Promise.all(
    ["ingest-markets", "ingest-trades", "snapshot-book"].map((name) => saidDuring(fullUntilMs, name)),
  );
  await setDiskFull(false);
  const freeSeconds = Math.floor(Date.now() / 1_000);

  expect([markets, trades]).toEqual(Array(2).fill(new Set(["503 store_full"])));
  expect(books).toEqual(new Set(["200 the store is short of disk"]));
  await tailHasPassed(freeSeconds);
  await until("books again", 60, async () => (await saidBy("snapshot-book")) === "200 ran");

  proxy.refuse("everything");
  await askForBackfill("in-refused-writes");
  const refused = await saidDuring(Date.now() + TROUBLE_MS / 2, "ingest-trades");
  proxy.refuse("some");
  await saidDuring(Date.now() + TROUBLE_MS / 2, "snapshot-book");
  proxy.refuse("nothing");

  expect(refused).toContain("503 store_busy");
  expect(proxy.refused.requests).toBeGreaterThan(10);
  expect(proxy.refused.documents).toBeGreaterThan(100);

  const endSeconds = Math.floor(Date.now() / 1_000);
  await tailHasPassed(endSeconds);
  const known = { fromMs: (epochSeconds - 60) * 1_000, toMs: endSeconds * 1_000 };
  await until("everything called complete", 180, async () => {
    const timeline = await stack.store.coverage.readTimeline({ stream: "trades", ...known });
    return timeline.every(({ state }) => state === "complete");
  });
  for (const id of ["asked-in-full-disk", "asked-in-refused-writes"])
    await until(`the backfill ${id}`, 120, () => isBackfilled(id));

  const truth = (of: Span) => readTruth(stack.simulatorUrl, of);
  const span = { from: epochSeconds - 3_600, to: endSeconds };
  const { lost, kept, invented, duplicated } = await judge(stack.store, { truth }, span);
  expect({ lost, invented, duplicated }).toEqual({ lost: [], invented: [], duplicated: [] });
  expect(kept.length).toBeGreaterThan((endSeconds - epochSeconds) * TRADES_PER_SECOND * 0.8);
  // From here on nothing more arrives: every stored trade must be in its candles.
  await stopUpstream();
  const whole = { from: span.from, to: endSeconds + 3_600 };
  await until("right candles", 120, async () => (await wrongCandles(stack.store, whole)).length === 0);
  expect(await stack.bus.listDeadLetters({ limit: 10 })).toEqual([]);
}, 900_000);
