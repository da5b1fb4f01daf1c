import { aMarket } from "@polytape/market-model/testing";
import { describe, expect, it } from "vitest";
import type { MarketPosition } from "../market-store.ts";
import { codeOf, freshIds, type StoreUnderTest } from "./store-under-test.ts";

export function describeMarkets(open: () => StoreUnderTest): void {
  function freshMarket(changes: Parameters<typeof aMarket>[0] = {}) {
    const { marketId, name } = freshIds();
    return aMarket({ marketId, gammaId: name, slug: `slug-${name}`, ...changes });
  }

  describe("markets", () => {
    it("finds a stored market by condition id, Gamma id and slug, as it was given", async () => {
      const { store, settle, clock } = open();
      const market = freshMarket({
        fees: { type: "taker", rate: 0.02, exponent: 1, takerOnly: true, rebateRate: null },
      });
      clock.nowMs = 1_791_000_000_000;

      const counts = await store.markets.storeMarkets([market], 1_790_999_999_000);
      const byId = await store.markets.findMarket(market.marketId.toUpperCase().replace("0X", "0x"));
      await settle();
      const bySlug = await store.markets.findMarket(market.slug);
      const byGammaId = await store.markets.findMarket(market.gammaId);

      expect(counts).toEqual({ created: 1, updated: 0, unchanged: 0, changes: 1 });
      expect(byId).toEqual({ ...market, observedAtMs: 1_790_999_999_000, ingestedAtMs: 1_791_000_000_000 });
      expect(bySlug).toEqual(byId);
      expect(byGammaId).toEqual(byId);
      expect(await store.markets.findMarket("no-such-market")).toBeNull();
    });

    it("finds the market that was updated last, passing over updates after a moment and markets without one", async () => {
      const { store, settle } = open();
      const far = Date.parse("2100-01-01") + Math.floor(Math.random() * 1e12);
      const at = (updatedAtMs: number | null) => freshMarket({ updatedAtMs });
      const markets = [at(far), at(null), at(far + 60_000), at(far - 60_000)];
      await store.markets.storeMarkets(markets, far + 60_000);
      await settle();

      expect(await store.markets.lastUpdatedMarket(far + 59_999)).toMatchObject({
        marketId: markets[0]?.marketId,
        updatedAtMs: far,
      });
    });

    it("writes nothing for a market that has not changed", async () => {
      const { store, clock } = open();
      const market = freshMarket();
      clock.nowMs = 1_791_000_000_000;
      await store.markets.storeMarkets([market], 1_000);
      clock.nowMs = 1_791_000_060_000;

      const counts = await store.markets.storeMarkets([market], 2_000);

      expect(counts).toEqual({ created: 0, updated: 0, unchanged: 1, changes: 0 });
      expect((await store.markets.findMarket(market.marketId))?.ingestedAtMs).toBe(1_791_000_000_000);
    });

    it("keeps one version per change of what is tracked, and none for volume or price", async () => {
      const { store, settle, observedTitles } = open();
      const first = freshMarket({ title: "First?" });
      const priced = {
        ...first,
        volume: 2,
        outcomes: first.outcomes.map((o) => ({ ...o, probability: 0.5 })),
      };

      await store.markets.storeMarkets([first], 1_000);
      const onlyVolume = await store.markets.storeMarkets([priced], 2_000);
      const retitled = await store.markets.storeMarkets([{ ...priced, title: "Second?" }], 3_000);
      await settle();

      expect(onlyVolume).toEqual({ created: 0, updated: 1, unchanged: 0, changes: 0 });
      expect(retitled).toEqual({ created: 0, updated: 1, unchanged: 0, changes: 1 });
      expect(await observedTitles(first.marketId)).toEqual(["First?", "Second?"]);
      expect(await store.markets.findMarket(first.marketId)).toMatchObject({ volume: 2, title: "Second?" });
    });

    // Two walks run at once: the slower one must not undo what the faster one has seen.
    it("does not let an older observation overwrite a newer one", async () => {
      const { store } = open();
      const newer = freshMarket({ title: "Newer?", updatedAtMs: 2_000 });
      await store.markets.storeMarkets([newer], 9_000);

      const counts = await store.markets.storeMarkets(
        [{ ...newer, title: "Older?", updatedAtMs: 1_000 }],
        10_000,
      );

      expect(counts).toEqual({ created: 0, updated: 0, unchanged: 1, changes: 0 });
      expect((await store.markets.findMarket(newer.marketId))?.title).toBe("Newer?");
    });

    it("lets a later observation replace one whose update the venue dates in the future", async () => {
      const { store } = open();
      const sane = freshMarket({ title: "Before?", updatedAtMs: 1_785_000_000_000 });
      const odd = { ...sane, title: "Odd?", updatedAtMs: 4_000_000_000_000 };
      await store.markets.storeMarkets([sane], 1_785_000_010_000);
      await store.markets.storeMarkets([odd], 1_785_000_020_000);

      const corrected = { ...sane, title: "Corrected?", updatedAtMs: 1_785_000_005_000 };
      const counts = await store.markets.storeMarkets([corrected], 1_785_000_030_000);
      const late = await store.markets.storeMarkets([odd], 1_785_000_025_000);

      expect([counts.updated, late.unchanged]).toEqual([1, 1]);
      expect((await store.markets.findMarket(sane.marketId))?.title).toBe("Corrected?");
    });

    // One refused document would refuse its batch, and stop the walk that brings it.
    it("stores a market whose names are longer than the index takes", async () => {
      const { store } = open();
      const long = "x".repeat(40_000);
      const market = freshMarket({
        slug: long,
        tags: [long],
        outcomes: [{ name: long, assetId: null, probability: null, winner: null }],
        fees: { type: long, rate: null, exponent: null, takerOnly: null, rebateRate: null },
      });

      await store.markets.storeMarkets([market], 1_000);

      expect(await store.markets.findMarket(market.marketId)).toMatchObject(market);
    });

    it("keeps the known tags when an answer carried none", async () => {
      const { store } = open();
      const tagged = freshMarket({ tags: ["weather"], category: "weather" });
      await store.markets.storeMarkets([tagged], 1_000);

      await store.markets.storeMarkets([{ ...tagged, tags: null, category: null, volume: 7 }], 2_000);

      const stored = await store.markets.findMarket(tagged.marketId);
      expect(stored).toMatchObject({ tags: ["weather"], category: "weather", volume: 7 });
    });

    it("takes two sights of one market in one call one after the other", async () => {
      const { store } = open();
      const open1 = freshMarket({ updatedAtMs: 1_000 });

      const counts = await store.markets.storeMarkets(
        [open1, { ...open1, status: "resolved", updatedAtMs: 2_000 }],
        5_000,
      );

      expect(counts).toEqual({ created: 1, updated: 1, unchanged: 0, changes: 2 });
      expect((await store.markets.findMarket(open1.marketId))?.status).toBe("resolved");
    });

    it("finds many by condition id and leaves out the unknown ones", async () => {
      const { store } = open();
      const [a, b] = [freshMarket(), freshMarket()];
      await store.markets.storeMarkets([a, b], 1_000);

      const found = await store.markets.findMarkets([a.marketId, freshIds().marketId, b.marketId]);

      expect([...found.keys()].sort()).toEqual([a.marketId, b.marketId].sort());
      expect(await codeOf(store.markets.findMarkets(Array.from({ length: 1_001 }, () => a.marketId)))).toBe(
        "too_many_ids",
      );
    });

    it("finds every word of a search in title or description, and treats signs as signs", async () => {
      const { store, settle } = open();
      const word = freshIds().name;
      const market = freshMarket({
        title: `Will ${word} win?`,
        description: "Resolves by the Electoral count.",
      });
      await store.markets.storeMarkets([market, freshMarket({ title: "Another?" })], 1_000);
      await settle();

      const titlesOf = async (text: string) =>
        (await store.markets.searchMarkets({ text, limit: 10 })).markets.map(({ title }) => title);

      expect(await titlesOf(`${word} ELECTORAL`)).toEqual([market.title]);
      expect(await titlesOf(`${word} another`)).toEqual([]);
      expect(await titlesOf(`"${word}" AND (win OR -`)).toEqual([]);
      expect(await titlesOf(`(${word})*`)).toEqual([market.title]);
    });

    it("pages through equal and missing close times without loss or repeat, latest first", async () => {
      const { store, settle } = open();
      const category = freshIds().name;
      const closeTimes = [5_000, 9_000, null, 5_000, 5_000, null, 7_000];
      const markets = closeTimes.map((closeTimeMs) => freshMarket({ category, closeTimeMs }));
      await store.markets.storeMarkets(markets, 1_000);
      await settle();

      const seen: string[] = [];
      const times: (number | null)[] = [];
      let after: MarketPosition | undefined;
      do {
        const page = await store.markets.searchMarkets({ category, limit: 2, after });
        seen.push(...page.markets.map(({ marketId }) => marketId));
        times.push(...page.markets.map(({ closeTimeMs }) => closeTimeMs));
        after = page.next ?? undefined;
      } while (after);

      expect([...seen].sort()).toEqual(markets.map(({ marketId }) => marketId).sort());
      expect(times).toEqual([9_000, 7_000, 5_000, 5_000, 5_000, null, null]);
      const skipped = await store.markets.searchMarkets({ category, limit: 3, offset: 2 });
      expect(skipped.markets.map(({ marketId }) => marketId)).toEqual(seen.slice(2, 5));
    });

    it("filters by status and by close time, from included, to excluded", async () => {
      const { store, settle } = open();
      const category = freshIds().name;
      const early = freshMarket({ category, closeTimeMs: 1_000 });
      const late = freshMarket({ category, closeTimeMs: 2_000, status: "closed" });
      await store.markets.storeMarkets([early, late, freshMarket({ category, closeTimeMs: null })], 1_000);
      await settle();

      const idsOf = async (query: object) =>
        (await store.markets.searchMarkets({ category, limit: 10, ...query })).markets.map((m) => m.marketId);

      expect(await idsOf({ closeFromMs: 1_000, closeToMs: 2_000 })).toEqual([early.marketId]);
      expect(await idsOf({ closeFromMs: 1_001 })).toEqual([late.marketId]);
      expect(await idsOf({ closeToMs: 2_000 })).toEqual([early.marketId]);
      expect(await idsOf({ status: "closed" })).toEqual([late.marketId]);
      expect(await codeOf(store.markets.searchMarkets({ limit: 1, offset: 10_000 }))).toBe("page_too_deep");
    });

    it("names the most traded open markets that accept orders, and no others", async () => {
      const { store, settle } = open();
      const volume = 1e12 + Math.floor(Math.random() * 1e9);
      const top = freshMarket({ volume24h: volume + 2 });
      const second = freshMarket({ volume24h: volume + 1 });
      const others = [
        freshMarket({ volume24h: volume + 3, acceptingOrders: false }),
        freshMarket({ volume24h: volume + 4, acceptingOrders: null }),
        freshMarket({ volume24h: volume + 5, status: "closed" }),
        freshMarket({ volume24h: null }),
      ];
      await store.markets.storeMarkets([second, top, ...others], 1_000);
      await settle();

      const active = await store.markets.mostActiveMarkets(2);

      expect(active.map(({ marketId }) => marketId)).toEqual([top.marketId, second.marketId]);
    });
  });
}
