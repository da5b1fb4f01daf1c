import { aBook, aMarket, aTrade } from "@polytape/market-model/testing";
import { type MarketStore, openMarketStore } from "@polytape/market-store";
import { inMemorySource } from "@polytape/polymarket-source/in-memory";
import { snapshotBook } from "@polytape/snapshot-book";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { makeStoreCopy, type StoreCopy } from "./market-store-copy.ts";
import { runRetention } from "./run-retention.ts";

const NOW = 1_790_000_100_000;
/** What the server itself sets on every index when a disk is past its last watermark, and takes away after. */
const DISK_FULL = "index.blocks.read_only_allow_delete";

describe("a store that takes nothing new", () => {
  let copy: StoreCopy;
  let store: MarketStore;

  beforeAll(async () => {
    copy = await makeStoreCopy(inject("openSearchUrl"));
    store = openMarketStore(copy.settings, { now: () => NOW });
    await store.trades.createTrades([aTrade()]);
    await store.markets.storeMarkets([aMarket()], NOW - 1);
  });

  afterAll(async () => {
    await store?.close();
    await copy?.remove();
  });

  const setBlock = (block: string, on: boolean | null) =>
    copy.server.request({
      method: "PUT",
      path: `/${copy.names.prefix}*/_settings`,
      body: { [block]: on },
    });

  async function during<T>(block: string, act: () => Promise<T>): Promise<T> {
    await setBlock(block, true);
    return act().finally(() => setBlock(block, null));
  }

  const trades = Array.from({ length: 300 }, (_, place) => aTrade({ size: 100 + place }));

  it("says that its disk is full, keeps no half of a batch as done, and takes it all afterwards", async () => {
    const checkpoint = await store.checkpoints.write("walk", { second: 1 }, null);

    const refused = await during(DISK_FULL, async () => [
      await codeOf(store.trades.createTrades(trades)),
      await codeOf(store.checkpoints.write("walk", { second: 2 }, checkpoint)),
      await codeOf(store.markets.storeMarkets([aMarket({ title: "Later?", updatedAtMs: NOW })], NOW)),
    ]);

    expect(refused).toEqual(["store_full", "store_full", "store_full"]);
    expect((await store.checkpoints.read("walk"))?.state).toEqual({ second: 1 });
    expect(await store.trades.createTrades(trades)).toEqual({ stored: 300, repeated: 0 });
    expect(await store.checkpoints.write("walk", { second: 2 }, checkpoint)).toBeDefined();
    await copy.settle();
    const found = await store.trades.aggregateTrades({ marketId: aMarket().marketId });
    expect(found.n).toBe(301);
  });

  it("says that somebody made it read-only", async () => {
    const refused = await during("index.blocks.write", () => codeOf(store.trades.createTrades(trades)));

    expect(refused).toBe("store_read_only");
  });

  it("still answers what it holds while it takes nothing new", async () => {
    const found = await during(DISK_FULL, () => store.trades.findTrades({ sort: "asc", limit: 5 }));

    expect(found).toHaveLength(5);
  });

  it("has books give way before anything is asked of the upstream, and resume by themselves", async () => {
    const source = inMemorySource({ now: () => NOW });
    const seen = (assetId: string) => ({ ...aBook({ assetId }), observedAtMs: NOW });
    source.serve({ books: [seen("1001"), seen("1002")] });
    const limits = { levelsMax: 25, marketsMax: 5, assetIds: ["1001", "1002"] };
    const look = () =>
      snapshotBook({ source, store, ...limits, now: () => NOW, signal: new AbortController().signal });

    const short = await during(DISK_FULL, look);
    const calls = source.calls.length;
    const roomy = await look();

    expect(short).toMatchObject({ skipped: "the store is short of disk", reason: expect.any(String) });
    expect(calls).toBe(0);
    expect(roomy).toMatchObject({ stored: 2 });
  });

  it("has room while nothing blocks it and its disk is not nearly full", async () => {
    expect(await store.room.look()).toEqual({ shortOf: null, reason: null });
  });

  it("lets retention make room, which is what ends it", async () => {
    const old = aTrade({ tsSeconds: NOW / 1_000 - 40 * 86_400 });
    await store.trades.createTrades([old, aTrade({ tsSeconds: Math.floor(NOW / 1_000) - 60 })]);
    await copy.settle();

    const report = await during(DISK_FULL, () => runRetention({ store, now: () => NOW, retentionDays: 30 }));

    expect(report).toMatchObject({ trade_days: 1, documents_blocked: true });
    expect(await copy.indices()).not.toContain(copy.names.tradesOfDay(old.tsSeconds * 1_000));
  });
});

async function codeOf(call: Promise<unknown>): Promise<unknown> {
  const error: unknown = await call.then(
    () => "it did not throw",
    (thrown: unknown) => thrown,
  );
  return error instanceof Error && "code" in error ? error.code : error;
}
