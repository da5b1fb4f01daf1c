import { randomBytes } from "node:crypto";
import { createAccessGate, issueKey } from "@polytape/api-access";
import { inMemoryBucket } from "@polytape/api-access/in-memory";
import { createLog } from "@polytape/function-runtime";
import { type MarketStore, openMarketStore } from "@polytape/market-store";
import { apiParts, createApp } from "@polytape/query-api/app";
import { byContract } from "@polytape/query-api/testing/contract";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { z } from "zod";
import { makeStoreCopy, type StoreCopy } from "./market-store-copy.ts";

/**
 * The server looks every few thousand documents whether a search is to go on: these take it about a second,
 * all documents more than ten.
 */
const DOCUMENTS = 60_000;
const QUERY_TIMEOUT_MS = 500;
const CANCELLED_WITHIN_MS = 5_000;
const GONE_WITHIN_MS = 30_000;

/** A search that burns processor time for every document. */
const SLOW_SEARCH = {
  size: 0,
  track_total_hits: true,
  query: {
    bool: {
      filter: [
        {
          script: {
            script: {
              source: "double x = 1; for (int i = 0; i < 15000; ++i) { x = Math.sin(x + i); } return x < 2;",
            },
          },
        },
      ],
    },
  },
};

const tasks = z.object({
  nodes: z.record(
    z.string(),
    z.object({
      tasks: z.record(
        z.string(),
        z.object({ description: z.string().optional(), cancelled: z.boolean().optional() }),
      ),
    }),
  ),
});

let copy: StoreCopy;
let store: MarketStore;

beforeAll(async () => {
  copy = await makeStoreCopy(inject("openSearchUrl"));
  store = openMarketStore(copy.settings);
  const line = '{"index":{}}\n{"n":1}\n';
  await copy.server.request({
    method: "POST",
    path: `/${copy.names.prefix}slow/_bulk`,
    lines: Buffer.from(line.repeat(DOCUMENTS)),
  });
  await copy.settle();
});

afterAll(async () => {
  await store?.close();
  await copy?.remove();
});

/** Our searches on the server; `cancelled`: it was told to stop, and looks at that every now and then. */
async function searchesUnderway(): Promise<{ cancelled?: boolean | undefined }[]> {
  const answer = await copy.server.request({
    method: "GET",
    path: "/_tasks",
    query: { actions: "*search*", detailed: true },
  });
  const { nodes } = tasks.parse(answer.body);
  return Object.values(nodes)
    .flatMap((node) => Object.values(node.tasks))
    .filter(({ description }) => description?.includes(copy.names.prefix));
}

async function until(what: string, withinMs: number, holds: () => Promise<boolean>): Promise<void> {
  const deadlineMs = Date.now() + withinMs;
  while (!(await holds())) {
    if (Date.now() > deadlineMs) throw new Error(`not within ${withinMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** The store, in which one call takes the slow search before it answers. */
function slowIn(family: "trades" | "markets" | "coverage", call: string): MarketStore {
  return {
    ...store,
    cancelledBy(signal) {
      const own = store.cancelledBy(signal);
      const calls: Record<string, unknown> = { ...own[family] };
      const slowly = async (...asked: unknown[]) => {
        const path = `/${copy.names.prefix}slow/_search`;
        await copy.server.cancelledBy(signal).request({ method: "POST", path, body: SLOW_SEARCH });
        return Reflect.apply(Object(calls[call]), null, asked);
      };
      return { ...own, [family]: { ...calls, [call]: slowly } };
    },
  };
}

test.each([
  ["a search for trades", "/v1/trades", "trades", "findTrades"],
  ["a look-up of a slug", "/v1/markets/some-slug", "markets", "findMarket"],
  ["a look into the ledger", "/v1/coverage", "coverage", "readTimeline"],
] as const)("%s that overruns gets 504, is cancelled in the server, and is gone", async (...asked) => {
  const [, path, family, call] = asked;
  const ask = await anApiOver(slowIn(family, call));
  const startedMs = Date.now();

  const asking = ask(path);
  await until("the search has begun", 10_000, async () => (await searchesUnderway()).length > 0);
  const answer = await asking;
  const answeredMs = Date.now() - startedMs;
  await until("the search is cancelled", CANCELLED_WITHIN_MS, async () =>
    (await searchesUnderway()).some(({ cancelled }) => cancelled),
  );
  await until("the search is gone", GONE_WITHIN_MS, async () => (await searchesUnderway()).length === 0);

  expect(answer.status).toBe(504);
  expect(await answer.json()).toMatchObject({ error: { code: "query_timeout" } });
  expect(answeredMs).toBeLessThan(10 * QUERY_TIMEOUT_MS);
});

async function anApiOver(over: MarketStore): Promise<(path: string) => Promise<Response>> {
  const gate = createAccessGate({ rateRps: 100, dailyCap: 1_000 });
  const keys = inMemoryBucket();
  await gate.keys.follow(keys);
  await gate.usage.load(inMemoryBucket());
  const { key } = await issueKey(keys, { plan: "weekly" }, { nowMs: Date.now(), randomBytes });
  const respond = createApp(
    apiParts({
      store: over,
      gate,
      bus: { isConnected: () => true, serverVersion: () => "2.14.9" },
      settings: {
        RETENTION_DAYS: 90,
        SETTLE_SECONDS: 600,
        CANDLES_INTERVALS: ["1m"],
        API_QUERY_TIMEOUT_MS: QUERY_TIMEOUT_MS,
        API_ANSWERS_AT_ONCE: 4,
      },
      log: createLog("query-api", () => {}),
      now: Date.now,
    }),
  );
  return async (path) =>
    byContract(
      { path },
      await respond(new Request(`http://function${path}`, { headers: { "x-api-key": key } })),
    );
}
