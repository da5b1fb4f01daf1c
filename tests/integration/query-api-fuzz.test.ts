import { readEnvironment } from "@polytape/function-runtime";
import { type MarketStore, openMarketStore } from "@polytape/market-store";
import { fuzz, storeWorld } from "@polytape/query-api/testing/fuzz";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { makeStoreCopy, type StoreCopy } from "./market-store-copy.ts";
import { queryApiOver } from "./query-api-over.ts";

/** The hostile requests of the unit tests once more, over a server that has its own opinion of what a query is. */
const SEED = Number(readEnvironment()["FUZZ_SEED"] ?? 20_261_122);
const REQUESTS = Number(readEnvironment()["FUZZ_REQUESTS"] ?? 4_000);

let copy: StoreCopy;
let store: MarketStore;
const clock = { nowMs: Date.now() };

beforeAll(async () => {
  copy = await makeStoreCopy(inject("openSearchUrl"));
  store = openMarketStore(copy.settings, { now: () => clock.nowMs });
});

afterAll(async () => {
  await store?.close();
  await copy?.remove();
});

test(`${REQUESTS} hostile requests never make the store refuse, and are answered by the contract (again: FUZZ_SEED=${SEED})`, async () => {
  const world = await storeWorld(store, clock.nowMs);
  await copy.settle();
  clock.nowMs += 10_000;
  const api = await queryApiOver(store, () => clock.nowMs);

  const seen = await fuzz(world, ({ path, ...rest }) => api.send(path, rest), {
    seed: SEED,
    requests: REQUESTS,
  });

  expect(seen["/v1/trades 200"]).toBeGreaterThan(REQUESTS / 50);
  expect(api.log).toEqual([]);
}, 300_000);
