import { type CoverageInterval, DAY_MS, SECOND_MS } from "@polytape/market-model";
import { aTrade } from "@polytape/market-model/testing";
import { type MarketStore, openMarketStore } from "@polytape/market-store";
import { afterEach, beforeEach, describe, expect, inject, it } from "vitest";
import { z } from "zod";
import { makeStoreCopy, type StoreCopy } from "./market-store-copy.ts";
import { runRetention } from "./run-retention.ts";
import { standBetween } from "./stand-between.ts";

const TODAY = Date.parse("2026-11-22T00:00:00Z");
const NOW = TODAY + DAY_MS / 2;
const days = z.object({
  hits: z.object({ hits: z.array(z.object({ _source: z.object({ day: z.number() }) })) }),
});

describe("what is known about days that go", () => {
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

  function about(dayMs: number, state: "complete" | "missing"): CoverageInterval {
    const scope = { stream: "trades", marketId: null, assetId: null } as const;
    const cause = state === "missing" ? "upstream_cap" : null;
    return { ...scope, state, fromMs: dayMs, toMs: dayMs + DAY_MS, cause, evidence: {} };
  }

  async function daysSpokenOf(): Promise<number[]> {
    const { body } = await copy.server.request({ method: "GET", path: `/${copy.names.coverage}/_search` });
    return days.parse(body).hits.hits.map(({ _source }) => _source.day);
  }

  it("goes although no search shows it yet", async () => {
    await copy.server.request({
      method: "PUT",
      path: `/${copy.names.coverage}/_settings`,
      body: { "index.refresh_interval": "-1" },
    });
    await store.coverage.recordIntervals([about(TODAY - 9 * DAY_MS, "complete")]);

    const dropped = await store.retention.dropCoverage({ beforeMs: TODAY, limit: 10, dryRun: false });

    expect(dropped).toEqual({ count: 1, isAll: true });
  });

  it("does not outlive a day although it is written while it is being deleted", async () => {
    const old = [TODAY - 9 * DAY_MS, TODAY - 8 * DAY_MS];
    await store.trades.createTrades([...old, TODAY].map((day) => aTrade({ tsSeconds: day / SECOND_MS })));
    await store.coverage.recordIntervals(old.map((day) => about(day, "complete")));
    await copy.settle();
    let writing: Promise<unknown> = Promise.resolve();

    /** Another function learns something of the one day while the server deletes the other. */
    async function learnOfTheDayThatIsLeft() {
      const [left] = await expect.poll(daysSpokenOf, { interval: 20 }).toHaveLength(1).then(daysSpokenOf);
      await store.coverage.recordIntervals([about(left ?? 0, "missing")]);
    }
    const between = await standBetween(inject("openSearchUrl"), async ({ path }) => {
      if (!path.includes("_delete_by_query") || !path.includes(copy.names.coverage)) return undefined;
      if ((await daysSpokenOf()).length < 2) return undefined;
      writing = learnOfTheDayThatIsLeft();
      // One document, a pause, the next: the server's own way of going slowly.
      return `${path}&scroll_size=1&requests_per_second=1`;
    });
    const slow = openMarketStore({ ...copy.settings, urls: [between.url] }, { now: () => NOW });

    const report = await runRetention({ store: slow, now: () => NOW });
    await writing;
    await copy.settle();

    expect(report).toMatchObject({ coverage_days: 2, trade_days: 2 });
    expect(await daysSpokenOf()).toEqual([]);
    await slow.close();
    await between.close();
  });
});
