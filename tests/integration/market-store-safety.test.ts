import { aBook, aMarket, aTrade } from "@polytape/market-model/testing";
import { openMarketStore } from "@polytape/market-store";
import { applyStoreSchema } from "@polytape/opensearch";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { z } from "zod";
import { makeStoreCopy, type StoreCopy } from "./market-store-copy.ts";

const settingsByIndex = z.record(
  z.string(),
  z.object({ settings: z.record(z.string(), z.unknown()), defaults: z.record(z.string(), z.unknown()) }),
);

describe("market store on a real server", () => {
  let copy: StoreCopy;

  beforeAll(async () => {
    copy = await makeStoreCopy(inject("openSearchUrl"));
  });

  afterAll(async () => {
    await copy?.remove();
  });

  // With any other setting, thousands of acknowledged documents are gone after a SIGKILL.
  it("keeps every index synced to disk before a write is acknowledged, with a strict mapping", async () => {
    const store = openMarketStore(copy.settings);
    await store.trades.createTrades([aTrade()]);
    const { indices, server } = copy;

    const names = await indices();
    const settings = await server.request({
      method: "GET",
      path: `/${copy.names.prefix}*/_settings`,
      query: { flat_settings: true, include_defaults: true },
    });
    const mappings = await server.request({ method: "GET", path: `/${copy.names.prefix}*/_mapping` });

    const bySetting = settingsByIndex.parse(settings.body);
    expect(Object.keys(bySetting).sort()).toEqual(names.sort());
    expect(names).toHaveLength(7);
    for (const { settings: own } of Object.values(bySetting)) {
      expect(own["index.translog.durability"]).toBe("request");
      expect(own["index.refresh_interval"]).toBe("1s");
    }
    for (const { mappings: mapping } of Object.values(mappingsByIndex.parse(mappings.body)))
      expect(mapping.dynamic).toBe("strict");
    await store.close();
  });

  it("has every index refuse a field that its mapping does not know", async () => {
    for (const index of await copy.indices()) {
      const answer = await copy.server.request({
        method: "POST",
        path: `/${index}/_doc`,
        body: { surprise: 1 },
        accept: [400],
      });
      expect({ index, status: answer.status }).toEqual({ index, status: 400 });
      expect(JSON.stringify(answer.body)).toContain("strict_dynamic_mapping_exception");
    }
  });

  it("stores the good trades of a batch and names the count and reason of the refused ones", async () => {
    const store = openMarketStore(copy.settings);
    const marketId = `0x${"5".repeat(64)}`;
    const good = aTrade({ marketId });
    const bad = { ...aTrade({ marketId, size: 7 }), tie: 1e300 };

    const call = store.trades.createTrades([bad, good]);

    await expect(call).rejects.toMatchObject({
      kind: "bug",
      code: "store_refused",
      facts: { refused: 1, first_reason: expect.stringContaining("tie") },
    });
    await copy.settle();
    const found = await store.trades.findTrades({ marketId, sort: "asc", limit: 10 });
    expect(found.map(({ tradeId }) => tradeId)).toEqual([good.tradeId]);
    await store.close();
  });

  it("lets two writers at once store every market and lose no version of any", async () => {
    const [a, b] = [openMarketStore(copy.settings), openMarketStore(copy.settings)];
    const markets = Array.from({ length: 200 }, (_, i) =>
      aMarket({ marketId: `0x${String(i).padStart(64, "0")}` }),
    );
    const later = markets.map((market) => ({ ...market, title: "Later?", updatedAtMs: 1_789_600_000_000 }));

    const counts = await Promise.all([
      a.markets.storeMarkets(markets, 1_000),
      b.markets.storeMarkets(later, 2_000),
      a.markets.storeMarkets(later, 3_000),
    ]);

    const stored = await a.markets.findMarkets(markets.map(({ marketId }) => marketId));
    expect(stored.size).toBe(200);
    for (const { title } of stored.values()) expect(title).toBe("Later?");
    expect(counts.reduce((sum, { created }) => sum + created, 0)).toBe(200);
    await Promise.all([a.close(), b.close()]);
  });

  it("serves a book from one of two indices behind the alias, also after a rollover", async () => {
    const store = openMarketStore(copy.settings);
    const book = { ...aBook({ assetId: "77" }), observedAtMs: 1_790_000_000_100, previousSeenAtMs: null };
    await store.books.storeBooks([book]);
    await copy.server.request({ method: "POST", path: `/${copy.names.books}/_rollover` });
    const next = { ...book, tsMs: book.tsMs + 1_000, previousSeenAtMs: book.tsMs + 900 };
    await store.books.storeBooks([next]);
    await copy.settle();

    const before = await store.books.findBook({ assetId: "77", atMs: book.tsMs, match: "before" });
    const after = await store.books.findBook({ assetId: "77", atMs: next.tsMs, match: "before" });

    expect(before).toMatchObject({ tsMs: book.tsMs, lastSeenAtMs: book.tsMs + 900 });
    expect(after?.tsMs).toBe(next.tsMs);
    await store.close();
  });

  it("refuses to write before its indices are set up, and then writes without a restart", async () => {
    const bare = await makeStoreCopy(inject("openSearchUrl"), { bare: true });
    const store = openMarketStore(bare.settings);

    const early = store.trades.createTrades([aTrade()]);
    await expect(early).rejects.toMatchObject({ code: "store_refused", facts: { version: 0 } });
    expect(await bare.indices()).toEqual([]);

    await applyStoreSchema(bare.settings);
    expect(await store.trades.createTrades([aTrade()])).toEqual({ stored: 1, repeated: 0 });
    await store.close();
    await bare.remove();
  });

  it("says that the store does not answer when nobody listens", async () => {
    const store = openMarketStore({ urls: ["http://127.0.0.1:9"], timeoutMs: 1_000 });

    await expect(store.health()).rejects.toMatchObject({ kind: "operating", code: "store_unavailable" });
    await expect(store.trades.findTrades({ sort: "asc", limit: 1 })).rejects.toMatchObject({
      code: "store_unavailable",
    });
    await store.close();
  });
});

const mappingsByIndex = z.record(z.string(), z.object({ mappings: z.object({ dynamic: z.string() }) }));
