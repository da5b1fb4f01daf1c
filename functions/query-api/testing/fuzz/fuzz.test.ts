import { readEnvironment } from "@polytape/function-runtime";
import { expect, test } from "vitest";
import { anApi, NOW } from "../an-api.ts";
import { fuzz, fuzzStranger } from "./fuzz.ts";
import { storeWorld } from "./store-world.ts";

const SEED = Number(readEnvironment()["FUZZ_SEED"] ?? 20_261_122);
const REQUESTS = Number(readEnvironment()["FUZZ_REQUESTS"] ?? 1_000);

async function aWorld() {
  const api = await anApi({ rateRps: 1_000_000, dailyCap: 100_000_000 });
  const world = await storeWorld(api.store, NOW);
  api.clock.nowMs = NOW + 10_000;
  return { api, world };
}

test(`${REQUESTS} hostile requests get answers by the contract, never an inside or a 5xx (again: FUZZ_SEED=${SEED})`, async () => {
  const { api, world } = await aWorld();

  const seen = await fuzz(world, ({ path, ...rest }) => api.send(path, rest), {
    seed: SEED,
    requests: REQUESTS,
  });

  expect(Object.keys(seen).filter((each) => each.endsWith(" 405"))).not.toEqual([]);
  expect(api.log).toEqual([]);
}, 120_000);

test(`no address, however it is written, gives anything to somebody without a key (again: FUZZ_SEED=${SEED})`, async () => {
  const { api, world } = await aWorld();

  await fuzzStranger(world, ({ path, ...rest }) => api.send(path, { ...rest, key: null }), {
    seed: SEED,
    requests: REQUESTS,
  });

  expect(api.log).toEqual([]);
}, 120_000);
