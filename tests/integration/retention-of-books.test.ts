import type { EnforceRetentionParts } from "@polytape/enforce-retention";
import { aBook } from "@polytape/market-model/testing";
import { type MarketStore, openMarketStore } from "@polytape/market-store";
import { afterEach, beforeEach, describe, expect, inject, it } from "vitest";
import { makeStoreCopy, type StoreCopy } from "./market-store-copy.ts";
import { NEVER, runRetention } from "./run-retention.ts";
import { standBetween } from "./stand-between.ts";

const NOW = Date.parse("2026-11-22T12:00:00Z");

describe("indices of books on a real server", () => {
  let copy: StoreCopy;
  let store: MarketStore;

  beforeEach(async () => {
    copy = await makeStoreCopy(inject("openSearchUrl"));
    store = openMarketStore(copy.settings, { now: () => NOW });
  });

  afterEach(async () => {
    await store?.close();
    await copy?.remove();
  });

  const run = (changes: Partial<EnforceRetentionParts> = {}) =>
    runRetention({ store, now: () => NOW, ...changes });

  const index = (number: number) => `${copy.names.books}-00000${number}`;
  const bookIndices = async () => (await copy.indices()).filter((name) => name.includes("orderbook"));
  /** As a policy of the server does it: by age, empty or not. */
  const rollAnyway = () => copy.server.request({ method: "POST", path: `/${copy.names.books}/_rollover` });
  const storeBook = (tsMs: number) =>
    store.books.storeBooks([{ ...aBook({ tsMs }), observedAtMs: tsMs + 100, previousSeenAtMs: null }]);
  const put = (path: string, body?: Record<string, unknown>) =>
    copy.server.request({ method: "PUT", path, ...(body && { body }) });

  it("deletes those that were rolled empty, and keeps a full one, a closed one and the one written to", async () => {
    for (const step of [rollAnyway, rollAnyway, () => storeBook(NOW), rollAnyway, rollAnyway]) await step();
    await copy.server.request({ method: "POST", path: `/${index(4)}/_close` });

    const report = await run();

    expect(report).toMatchObject({ book_indices: 2, still_due: 0 });
    expect(report["deleted"]).toEqual([index(1), index(2)]);
    expect(await bookIndices()).toEqual([index(3), index(5)]);
    // Fails where it is gone.
    await copy.server.request({ method: "DELETE", path: `/${index(4)}` });
  });

  it("keeps a rolled index in which a book lies that no search shows yet", async () => {
    await rollAnyway();
    await put(`/${index(1)}/_settings`, { "index.refresh_interval": "-1" });
    await put(`/${index(1)}/_doc/late`, { asset_id: "1", side: "bid", ts: NOW, observed_at: NOW });

    expect(await store.retention.dropEmptyIndex(index(1))).toBe(false);

    // And it takes books as before.
    await put(`/${index(1)}/_doc/later`, { asset_id: "1", side: "ask", ts: NOW, observed_at: NOW });
    expect(await bookIndices()).toEqual([index(1), index(2)]);
  });

  it("never deletes the one written to, and finds gone what is gone", async () => {
    await rollAnyway();

    await expect(store.retention.dropEmptyIndex(index(2))).rejects.toMatchObject({ code: "index_kept" });
    expect(await store.retention.dropEmptyIndex(index(1))).toBe(true);
    expect(await store.retention.dropEmptyIndex(index(1))).toBe(false);
  });

  it("makes room on a full disk also while an empty one is among what is due", async () => {
    await rollAnyway();
    await storeBook(NOW - 10 * 86_400_000);
    await rollAnyway();
    await storeBook(NOW);
    await copy.settle();
    const block = (on: boolean | null) =>
      put(`/${copy.names.prefix}*/_settings`, { "index.blocks.read_only_allow_delete": on });

    await block(true);
    const report = await run().finally(() => block(null));

    expect(report).toMatchObject({ documents_blocked: true, deleted: [index(2)], still_due: 1 });
    expect(await run()).toMatchObject({ deleted: [index(1)], still_due: 0 });
  });

  // A policy of the server, or another run: both look at the same index, and one of them comes second.
  it("neither fails nor rolls over twice when somebody else is faster", async () => {
    await storeBook(NOW);
    const between = await standBetween(inject("openSearchUrl"), async ({ path }) => {
      if (path.includes("/_rollover")) await rollAnyway();
      return undefined;
    });
    const late = openMarketStore({ ...copy.settings, urls: [between.url] }, { now: () => NOW });

    // By its conditions the next index would be due at once.
    const report = await run({ store: late, rollover: { ...NEVER, ageMsMax: 1 } });

    expect(report).toMatchObject({ outcome: "done" });
    expect(report).not.toHaveProperty("rolled");
    expect(await bookIndices()).toEqual([index(1), index(2)]);
    await late.close();
    await between.close();
  });
});
