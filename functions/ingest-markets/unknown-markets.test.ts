import { DAY_MS, hasCode, type Market, numberEqualTrades } from "@polytape/market-model";
import { aMarket, aTradeRow } from "@polytape/market-model/testing";
import { inMemoryStore } from "@polytape/market-store/in-memory";
import { inMemorySource } from "@polytape/polymarket-source/in-memory";
import { expect, test } from "vitest";
import { ingestMarkets } from "./ingest-markets.ts";

const NOW = 1_790_000_000_000;

function idOf(number: number): string {
  return `0x${String(number).padStart(64, "0")}`;
}

function market(number: number): Market {
  return aMarket({ marketId: idOf(number), gammaId: String(number), slug: `market-${number}` });
}

/** A tape whose pages of the catalogue are not read: what is known is known by look-ups. */
function aTape(markets: readonly Market[] = []) {
  const clock = { nowMs: NOW };
  const store = inMemoryStore({ now: () => clock.nowMs });
  const source = inMemorySource({ markets, now: () => clock.nowMs });
  const noPages: typeof source.readMarketPage = async () => ({
    markets: [],
    rejected: [],
    nextCursor: null,
    receivedAtMs: clock.nowMs,
  });
  const deps = {
    source: { ...source, readMarketPage: noPages },
    store,
    budget: { recentPagesMax: 4, recentOverlapMs: 0, sweepPages: { open: 0, closed: 0 } },
    now: () => clock.nowMs,
    signal: new AbortController().signal,
  };
  return { clock, store, source, deps };
}

/** One trade of each market, made at the moment. */
async function trade(store: ReturnType<typeof inMemoryStore>, numbers: readonly number[], atMs = NOW) {
  const rows = numbers.map((number) =>
    aTradeRow({ marketId: idOf(number), assetId: String(number), tsSeconds: atMs / 1000 }),
  );
  await store.trades.createTrades(numberEqualTrades().number(rows, { rowSet: "taker", receivedAtMs: atMs }));
}

function asked(source: ReturnType<typeof aTape>["source"]): string[][] {
  return source.calls.flatMap(({ method, argument }) =>
    method === "findMarkets" && Array.isArray(argument) ? [argument.map(String)] : [],
  );
}

test("looks up the market of a stored trade that the catalogue lacks, once", async () => {
  const { deps, store, source } = aTape([market(1), market(2)]);
  await store.markets.storeMarkets([market(2)], NOW);
  await trade(store, [1, 2]);

  const first = await ingestMarkets(deps);
  const second = await ingestMarkets(deps);

  expect(first).toMatchObject({ looked_up: 1, still_unknown: 0, created: 1 });
  expect(second).toMatchObject({ looked_up: 0, still_unknown: 0 });
  expect((await store.markets.findMarket("market-1"))?.marketId).toBe(idOf(1));
  expect(asked(source)).toEqual([[idOf(1)]]);
});

test("does not ask again at every tick for what the upstream does not know, but does ask again", async () => {
  const { deps, store, source, clock } = aTape();
  await trade(store, [1]);

  const first = await ingestMarkets(deps);
  for (let ticks = 0; ticks < 5; ticks += 1) {
    clock.nowMs += 10_000;
    await ingestMarkets(deps);
  }
  expect(first).toMatchObject({ looked_up: 1, still_unknown: 1 });
  expect(asked(source)).toHaveLength(1);

  source.serve({ markets: [market(1)] });
  clock.nowMs += 10_000;
  const later = await ingestMarkets(deps);

  expect(later).toMatchObject({ looked_up: 1, still_unknown: 0, created: 1 });
});

test("forgets an unknown market that the catalogue got on another way, without asking", async () => {
  const { deps, store, source, clock } = aTape();
  await trade(store, [1]);
  await ingestMarkets(deps);
  await store.markets.storeMarkets([market(1)], NOW);
  clock.nowMs += 120_000;

  expect(await ingestMarkets(deps)).toMatchObject({ looked_up: 0, still_unknown: 0 });
  expect(asked(source)).toHaveLength(1);
});

test("asks for 40 ids a call, three calls a run, and for the others with the next run", async () => {
  const numbers = Array.from({ length: 150 }, (_, index) => index + 1);
  const { deps, store, source } = aTape(numbers.map(market));
  await trade(store, numbers);

  const first = await ingestMarkets(deps);
  const second = await ingestMarkets(deps);

  expect(first).toMatchObject({ looked_up: 120, still_unknown: 30 });
  expect(second).toMatchObject({ looked_up: 30, still_unknown: 0 });
  expect(asked(source).map(({ length }) => length)).toEqual([40, 40, 40, 30]);
});

test("finds the markets of trades of long ago, a day a run", async () => {
  const { deps, store } = aTape([market(1), market(2)]);
  await trade(store, [1], NOW - 40 * DAY_MS);
  await trade(store, [2], NOW - 30 * DAY_MS);

  const found = [await ingestMarkets(deps), await ingestMarkets(deps), await ingestMarkets(deps)];

  expect(found.map((report) => report["looked_up"])).toEqual([1, 1, 0]);
});

test.each([{ afterEffect: false }, { afterEffect: true }])(
  "a crash around storing what was found, or around the checkpoint, loses no market (%o)",
  async (options) => {
    for (const call of ["markets.storeMarkets", "checkpoints.write"] as const) {
      const { deps, store } = aTape([market(1)]);
      await trade(store, [1]);
      store.failNext(call, options);

      const failed = await ingestMarkets(deps).catch((error: unknown) => error);
      await ingestMarkets(deps);

      expect(hasCode(failed, "store_unavailable")).toBe(true);
      expect(await store.markets.findMarket("market-1")).not.toBeNull();
    }
  },
);

test("a malformed market is counted and kept as a sample, and the others are stored", async () => {
  const { deps, store, source } = aTape([market(1)]);
  await trade(store, [1, 2]);
  const rejected = { kind: "market" as const, reason: "conditionId", raw: {}, receivedAtMs: NOW };
  const findMarkets: typeof source.findMarkets = async (ids) => ({
    ...(await source.findMarkets(ids)),
    rejected: [rejected],
  });

  const report = await ingestMarkets({ ...deps, source: { ...deps.source, findMarkets } });

  expect(report).toMatchObject({ looked_up: 2, created: 1, rejected: 1, still_unknown: 1 });
  expect(await store.rejections.findSamples({ limit: 9 })).toHaveLength(1);
});

test("goes on with the sweep when the upstream refuses look-ups", async () => {
  const { deps, store, source } = aTape([market(1)]);
  await trade(store, [1]);
  source.failCall(1);
  const budget = { ...deps.budget, sweepPages: { open: 1, closed: 1 } };

  const failed = await ingestMarkets({ ...deps, budget }).catch((error: unknown) => error);

  expect(hasCode(failed, "upstream_unavailable") && failed.facts).toMatchObject({
    open_rounds: 1,
    still_unknown: 1,
  });
});
