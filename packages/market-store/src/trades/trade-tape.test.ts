import { DAY_MS } from "@polytape/market-model";
import { aTrade } from "@polytape/market-model/testing";
import { expect, test } from "vitest";
import type { StoreConnection } from "../opensearch/connection.ts";
import { indexNames } from "../opensearch/index-names.ts";
import { storeUnavailable } from "../store-errors.ts";
import { tradeTape } from "./trade-tape.ts";

test("a trade's moment of arrival is never older than the request that stored it", async () => {
  const clock = { nowMs: 1_790_000_000_000 };
  const arrivals: { ingestedAtMs: number; sentAtMs: number }[] = [];
  const store: StoreConnection = {
    async request({ lines }) {
      const [, source = "{}"] = String(lines).split("\n");
      arrivals.push({ ingestedAtMs: JSON.parse(source).ingested_at, sentAtMs: clock.nowMs });
      clock.nowMs += 30_000;
      return arrivals.length === 1
        ? { status: 429, body: {} }
        : { status: 200, body: { items: [{ create: { status: arrivals.length === 2 ? 503 : 201 } }] } };
    },
    cancelledBy: () => store,
    close: async () => {},
  };
  const tape = tradeTape({
    store,
    names: indexNames("test-"),
    now: () => clock.nowMs,
    ready: async () => {
      clock.nowMs += 30_000;
    },
  });

  expect(await tape.createTrades([aTrade()])).toEqual({ stored: 1, repeated: 0 });
  expect(arrivals).toHaveLength(3);
  for (const { ingestedAtMs, sentAtMs } of arrivals) expect(ingestedAtMs).toBe(sentAtMs);
});

test("a day that is away keeps nobody from being told what came later to others", async () => {
  const names = indexNames("test-");
  const day = 20_000 * DAY_MS;
  const store: StoreConnection = {
    async request({ path }) {
      if (path.startsWith("/_resolve"))
        return { status: 200, body: { indices: [{ name: names.tradesOfDay(day) }] } };
      if (path.includes(names.tradesPattern)) throw storeUnavailable(new Error("all shards failed"));
      const [first, last] = [{ value: day + 1_000 }, { value: day + 2_000 }];
      return { status: 200, body: { hits: { total: { value: 2 } }, aggregations: { first, last } } };
    },
    cancelledBy: () => store,
    close: async () => {},
  };
  const tape = tradeTape({ store, names, now: () => day, ready: async () => {} });

  expect(await tape.findSpan({ ingestedAfterMs: day }, { exact: false })).toEqual({
    firstMs: day + 1_000,
    lastMs: day + 2_000,
  });
});
