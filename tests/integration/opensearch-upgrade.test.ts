import { readFileSync } from "node:fs";
import { DAY_MS, SECOND_MS } from "@polytape/market-model";
import { aBook, aMarket, aTrade } from "@polytape/market-model/testing";
import {
  openMarketStore,
  readSchemaVersion,
  SCHEMA_DOCUMENT_ID,
  SCHEMA_VERSION,
} from "@polytape/market-store";
import {
  applyStoreSchema,
  INDICES,
  type IndexTemplate,
  MIGRATIONS,
  placeTemplate,
} from "@polytape/opensearch";
import { afterEach, beforeEach, describe, expect, inject, it } from "vitest";
import { z } from "zod";
import { makeStoreCopy, type StoreCopy } from "./market-store-copy.ts";

const templateFile = z.record(
  z.string(),
  z.custom<IndexTemplate>((value) => typeof value === "object"),
);
/** The templates of the first version, as they were. */
const FIRST_TEMPLATES = templateFile.parse(
  JSON.parse(readFileSync(new URL("./opensearch-upgrade/first-templates.json", import.meta.url), "utf8")),
);
const AT = Date.parse("2026-11-20T12:00:00Z");
const sourceAnswer = z.object({ _source: z.record(z.string(), z.unknown()) });

describe("a store that the first version set up", () => {
  let copy: StoreCopy;

  beforeEach(async () => {
    copy = await makeStoreCopy(inject("openSearchUrl"), { bare: true });
    const { prefix } = copy.names;
    for (const [name, template] of Object.entries(FIRST_TEMPLATES))
      await put(`/_index_template/${prefix}${name}`, {
        ...placeTemplate(template, { prefix, shards: 1, replicas: 0 }),
      });
    for (const { name, writeAlias } of INDICES.slice(0, 6))
      await put(`/${prefix}${name}`, {
        aliases: writeAlias === undefined ? {} : { [`${prefix}${writeAlias}`]: { is_write_index: true } },
      });
    await noteVersion(1);
  });

  afterEach(async () => {
    await copy?.remove();
  });

  const put = (path: string, body: object) => copy.server.request({ method: "PUT", path, body: { ...body } });
  const noteVersion = (version: number) =>
    put(`/${copy.names.checkpoints}/_doc/${SCHEMA_DOCUMENT_ID}`, {
      name: SCHEMA_DOCUMENT_ID,
      state: { version },
      written_at: AT,
    });
  const sourceOf = async (path: string) =>
    sourceAnswer.parse((await copy.server.request({ method: "GET", path })).body)._source;

  const trade = aTrade({ tsSeconds: AT / SECOND_MS });
  const book = { ...aBook({ tsMs: AT }), observedAtMs: AT + 100, previousSeenAtMs: null };
  const firstCoverage = {
    ...{ stream: "trades", market_id: null, asset_id: null, from: AT, to: AT + 1_000 },
    ...{ state: "complete", cause: null, evidence: {}, recorded_at: AT },
  };

  /** As that version wrote them; the documents of these families are the same today. */
  async function fill(): Promise<void> {
    await noteVersion(SCHEMA_VERSION);
    const store = openMarketStore(copy.settings, { now: () => AT });
    await store.trades.createTrades([trade]);
    await store.books.storeBooks([book]);
    await store.candles.writeCandles([{ candle: aCandle(), rev: 3, replaces: null }]);
    await store.markets.storeMarkets([aMarket()], AT);
    await store.checkpoints.write("walk", { second: 7 }, null);
    await store.rejections.keepSamples([{ kind: "trade", reason: "no", raw: {}, receivedAtMs: AT }]);
    await put(`/${copy.names.coverage}/_doc/first`, firstCoverage);
    await store.close();
    await noteVersion(1);
    await copy.settle();
  }

  async function expectTheDataAreThere(): Promise<void> {
    await copy.settle();
    const store = openMarketStore(copy.settings, { now: () => AT + DAY_MS });
    expect(await store.trades.findTrades({ sort: "asc", limit: 9 })).toMatchObject([
      { tradeId: trade.tradeId, price: trade.price, ingestedAtMs: AT },
    ]);
    expect(await store.books.findBook({ assetId: "1001", atMs: AT, match: "before" })).toMatchObject({
      tsMs: AT,
      bids: book.bids,
      asks: book.asks,
    });
    const candles = await store.candles.findByKeys([aCandle()]);
    expect([...candles.values()]).toMatchObject([{ ...aCandle(), rev: 3, ingestedAtMs: AT }]);
    expect((await store.markets.findMarket(aMarket().marketId))?.title).toBe(aMarket().title);
    expect((await store.checkpoints.read("walk"))?.state).toEqual({ second: 7 });
    expect(await store.rejections.findSamples({ limit: 9 })).toHaveLength(1);
    await store.close();
  }

  it("is brought to the newest with its data intact, and takes what the newest writes", async () => {
    await fill();
    const before = await copy.indices();

    const changes = await applyStoreSchema(copy.settings);
    const again = await applyStoreSchema(copy.settings);

    expect(changes.filter(({ what, change }) => what === "migration" && change === "created")).toHaveLength(
      MIGRATIONS.length - 1,
    );
    expect(new Set(again.map(({ change }) => change))).toEqual(new Set(["unchanged"]));
    expect(await copy.indices()).toEqual(expect.arrayContaining(before));
    expect(await readSchemaVersion(copy.server, copy.names)).toBe(SCHEMA_VERSION);
    expect(await sourceOf(`/${copy.names.coverage}/_doc/first`)).toEqual(firstCoverage);
    await expectTheDataAreThere();

    const store = openMarketStore(copy.settings, { now: () => AT + DAY_MS });
    const [next] = [aTrade({ tsSeconds: AT / SECOND_MS + 60 })];
    const scope = { stream: "trades", marketId: null, assetId: null } as const;
    const said = { ...scope, fromMs: AT, toMs: AT + DAY_MS, state: "complete", cause: null } as const;
    expect(await store.trades.createTrades([trade, next])).toEqual({ stored: 1, repeated: 1 });
    await store.coverage.recordIntervals([{ ...said, evidence: {} }]);
    const long = aMarket({ marketId: `0x${"5".repeat(64)}`, title: "é".repeat(20_000) });
    expect(await store.markets.storeMarkets([long], AT)).toMatchObject({ created: 1, changes: 1 });
    const [, current] = await Promise.all([
      copy.settle(),
      store.coverage.readTimeline({ stream: "trades", fromMs: AT, toMs: AT + DAY_MS }),
    ]);
    expect(current.map(({ state }) => state)).toEqual(["complete"]);
    // A candle that was read is replaced over the version that was read, in its old index too.
    const [old] = (await store.candles.findByKeys([aCandle()])).values();
    const rebuilt = { candle: { ...aCandle(), n: 2 }, rev: 4, replaces: old?.version ?? null };
    expect(await store.candles.writeCandles([rebuilt])).toEqual({ written: 1, conflicts: [] });
    await store.close();
  });

  it("says what it would do without doing it", async () => {
    await fill();

    const changes = await applyStoreSchema({ ...copy.settings, dryRun: true });

    const would = changes
      .filter(({ change }) => change !== "unchanged")
      .map(({ what, name }) => [what, name]);
    expect(would).toEqual(
      expect.arrayContaining([
        ["template", `${copy.names.prefix}trades_v1`],
        ...MIGRATIONS.slice(1).map(({ number, name }) => ["migration", `${number} ${name}`]),
      ]),
    );
    expect(await readSchemaVersion(copy.server, copy.names)).toBe(1);
  });

  it("has its books moved behind the alias where an index of that name had sprung up", async () => {
    await fill();
    const { books } = copy.names;
    await copy.server.request({ method: "DELETE", path: `/${books}-000001` });
    const mappings = FIRST_TEMPLATES["orderbook_snapshots_v1"]?.template.mappings;
    await put(`/${books}`, { mappings });
    const documents = Array.from({ length: 50 }, (_, place) => place + 1);
    for (const place of documents) await put(`/${books}/_doc/b${place}`, aBookDocument(AT + place));

    await applyStoreSchema(copy.settings);

    const named = (await copy.indices()).filter((name) => name.startsWith(books));
    expect(named).toEqual([`${books}-000001`]);
    await copy.settle();
    const { body } = await copy.server.request({ method: "GET", path: `/${books}/_count` });
    expect(body).toMatchObject({ count: 50 });
    const store = openMarketStore(copy.settings);
    expect(await store.books.storeBooks([book])).toMatchObject({ stored: 1 });
    const next = await store.retention.rollOver({ primaryShardBytesMax: 1, ageMsMax: 1, dryRun: false });
    expect(next).toMatchObject({ rolled: true, to: `${books}-000002` });
    await store.close();
  });

  it("goes on where a move of the books was cut off", async () => {
    await fill();
    const { books } = copy.names;
    await copy.server.request({ method: "DELETE", path: `/${books}-000001` });
    await put(`/${books}`, { mappings: FIRST_TEMPLATES["orderbook_snapshots_v1"]?.template.mappings });
    for (const place of [1, 2, 3]) await put(`/${books}/_doc/b${place}`, aBookDocument(AT + place));
    // As far as it had got: writes stopped, the new index made, one document in it.
    await put(`/${books}/_settings`, { "index.blocks.write": true });
    await put(`/${books}-000001`, {});
    await put(`/${books}-000001/_doc/b2`, aBookDocument(AT + 2));

    await applyStoreSchema(copy.settings);

    await copy.settle();
    const { body } = await copy.server.request({ method: "GET", path: `/${books}/_count` });
    expect(body).toMatchObject({ count: 3 });
    const store = openMarketStore(copy.settings);
    expect(await store.books.storeBooks([book])).toMatchObject({ stored: 1 });
    await store.close();
  });

  // Otherwise documents that do not fit would be gone with the old index.
  it("keeps the old index when not every book can be moved", async () => {
    await fill();
    const { books } = copy.names;
    await copy.server.request({ method: "DELETE", path: `/${books}-000001` });
    await put(`/${books}`, { mappings: { dynamic: true } });
    await put(`/${books}/_doc/good`, aBookDocument(AT));
    await put(`/${books}/_doc/strange`, { surprise: 1 });

    const failed = await applyStoreSchema(copy.settings).catch((error: unknown) => error);

    expect(failed).toMatchObject({ kind: "operating", code: "migration_incomplete" });
    expect(await sourceOf(`/${books}/_doc/strange`)).toEqual({ surprise: 1 });
    expect(await readSchemaVersion(copy.server, copy.names)).toBe(3);
  });
});

function aCandle() {
  const price = { open: 0.5, high: 0.5, low: 0.5, close: 0.5 };
  const sums = { volume: 1, notional: 1, buyVolume: 1, sellVolume: 0, n: 1, tradeSetHash: "h" };
  const marketId = `0x${"a1".repeat(32)}`;
  return { marketId, assetId: "1001", interval: "1m", openTimeMs: AT, ...price, ...sums } as const;
}

function aBookDocument(ts: number) {
  return {
    ...{ asset_id: "7", market_id: "m", side: "bid", ts, observed_at: ts, previous_seen_at: null, hash: "h" },
    ...{ verified: true, level_count: 0, levels: [] },
  };
}
