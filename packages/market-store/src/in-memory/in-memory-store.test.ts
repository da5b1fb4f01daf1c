import { aTrade } from "@polytape/market-model/testing";
import { describe, expect, it } from "vitest";
import { describeStoreBehaviour, type StoreUnderTest } from "../behaviour/index.ts";
import { inMemoryStore } from "./index.ts";

describe("in-memory store", () => {
  const clock = { nowMs: 1_790_000_000_000 };
  const store = inMemoryStore({ now: () => clock.nowMs });
  const underTest: StoreUnderTest = {
    store,
    clock,
    settle: async () => {},
    loseBookSide: async (...which) => store.loseBookSide(...which),
    async meetTooMuch() {
      store.refuseWrites("store_busy");
      await store.trades.createTrades([aTrade()]).catch(() => {});
      store.refuseWrites(null);
    },
    async duringFullDisk(act) {
      store.refuseWrites("store_full");
      return act().finally(() => store.refuseWrites(null));
    },
    observedTitles: async (marketId) => store.marketHistory(marketId).map(({ content }) => content.title),
  };
  describeStoreBehaviour(() => underTest);

  it("fails the next call that is made to fail, once, with or without its effect", async () => {
    const failing = inMemoryStore();
    const trade = aTrade();

    failing.failNext("trades.createTrades");
    await expect(failing.trades.createTrades([trade])).rejects.toMatchObject({ code: "store_unavailable" });
    expect(await failing.trades.createTrades([trade])).toEqual({ stored: 1, repeated: 0 });

    failing.failNext("checkpoints.write", { afterEffect: true });
    await expect(failing.checkpoints.write("x", 1, null)).rejects.toMatchObject({ kind: "operating" });
    expect(await failing.checkpoints.read("x")).toMatchObject({ state: 1 });
  });
});
