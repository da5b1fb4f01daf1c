import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { backfillTrades } from "@polytape/backfill-trades";
import { findRepository } from "@polytape/local";
import { PolytapeError, type TradeRow } from "@polytape/market-model";
import { aTradeRow } from "@polytape/market-model/testing";
import { inMemoryStore } from "@polytape/market-store/in-memory";
import { inMemorySource } from "@polytape/polymarket-source/in-memory";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { z } from "zod";
import { aTriggerWorld, type TriggerWorld } from "./a-trigger-world.ts";
import type { StandInGateway, StartedTrigger } from "./function-trigger-stand-in.ts";

/** The job's messages as deployed: its topics from stack.yml, a real server, the real trigger. */
const nowSeconds = 1_790_000_000;
const now = () => nowSeconds * 1_000;
const body = z.object({
  from: z.string().optional(),
  to: z.string().optional(),
  market_id: z.string().optional(),
  backfill: z.string().optional(),
  position: z.string().optional(),
});

let world: TriggerWorld;
let gateway: StandInGateway;
let trigger: StartedTrigger;
const store = inMemoryStore({ now });

beforeEach(async () => {
  world = await aTriggerWorld();
  ({ gateway } = world);
  gateway.deployed.set("backfill-trades", { topic: await topicInStack() });
  trigger = await world.start();
});

afterEach(() => world.stop());

test("two requests become calls in turns until both are done; one that is refused becomes a dead letter", async () => {
  const rows = Array.from({ length: 100 }, (_, place) => aTradeRow({ tsSeconds: nowSeconds - place * 60 }));
  const outcomes = answerByTheJob(rows);
  const { bus } = trigger;
  const hoursAgo = (hours: number) => new Date(now() - hours * 3_600_000).toISOString();

  await bus.publish("job.backfill.request", { from: hoursAgo(1) });
  await bus.publish("job.backfill.request", { from: hoursAgo(1.5) });
  await bus.publish("job.backfill.request", { from: hoursAgo(1), market_id: `0x${"0".repeat(64)}` });
  await vi.waitUntil(() => outcomes.filter(({ outcome }) => outcome === "done").length === 2, {
    timeout: 20_000,
  });
  await vi.waitUntil(async () => (await bus.listDeadLetters({ limit: 9 })).length === 1, { timeout: 10_000 });

  expect((await store.trades.findTrades({ sort: "asc", limit: 1_000 })).length).toBe(91);
  expect(gateway.atOnceMax()).toBe(1);
  const turns = outcomes.slice(2, 6).map(({ backfill }) => backfill);
  expect(new Set([turns[0], turns[2]]).size).toBe(1);
  expect(turns[1]).not.toBe(turns[0]);
  const [letter] = await bus.listDeadLetters({ limit: 9 });
  expect(letter).toMatchObject({ subject: "job.backfill.request", status: 400, deliveries: 1 });
});

/** Calls of the function are calls of the job; what each came to, in order. */
function answerByTheJob(trades: readonly TradeRow[]): Record<string, unknown>[] {
  const source = inMemorySource({ trades, now });
  const outcomes: Record<string, unknown>[] = [];
  const parts = {
    source: {
      ...source,
      readTradePage: (query: Parameters<typeof source.readTradePage>[0]) =>
        source.readTradePage({ ...query, limit: 7 }),
    },
    store,
    bus: trigger.bus,
    bounds: { backfillDays: 0, retentionDays: 0 },
    settleSeconds: 0,
    budget: { pagesMax: 2, batchPages: 2 },
    pause: async () => {},
    now,
    signal: new AbortController().signal,
    log: { info: () => {}, warn: () => {}, error: () => {} },
  };
  gateway.answer = async (call) => {
    try {
      outcomes.push(await backfillTrades(parts, body.parse(JSON.parse(call.body))));
      return 200;
    } catch (error) {
      return error instanceof PolytapeError && error.kind === "input" ? 400 : 503;
    }
  };
  return outcomes;
}

async function topicInStack(): Promise<string> {
  const stack = await readFile(join(findRepository(), "stack.yml"), "utf8");
  return /\n {2}backfill-trades:[\s\S]*?topic: (.*)\n/.exec(stack)?.[1] ?? "";
}
