import { numberEqualTrades } from "@polytape/market-model";
import { aTradeRow } from "@polytape/market-model/testing";
import { type MarketStore, openMarketStore } from "@polytape/market-store";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { z } from "zod";
import { makeStoreCopy, type StoreCopy } from "./market-store-copy.ts";
import { queryApiOver } from "./query-api-over.ts";

const page = z.looseObject({
  data: z.array(z.looseObject({ ts: z.string() })),
  next_cursor: z.string().nullable(),
  coverage: z.looseObject({ gaps: z.array(z.looseObject({ cause: z.string().nullable() })) }),
});

const clock = { nowMs: Date.now() };
const START_SECONDS = Math.floor(clock.nowMs / 1_000) - 3_600;
let copy: StoreCopy;
let store: MarketStore;

beforeAll(async () => {
  copy = await makeStoreCopy(inject("openSearchUrl"));
  store = openMarketStore(copy.settings, { now: () => clock.nowMs });
});

afterAll(async () => {
  await store?.close();
  await copy?.remove();
});

async function storeTrades(...places: number[]): Promise<void> {
  const rows = places.map((place) => aTradeRow({ tsSeconds: START_SECONDS + place })).reverse();
  const options = { rowSet: "taker" as const, receivedAtMs: clock.nowMs };
  await store.trades.createTrades(numberEqualTrades().number(rows, options));
}

/** From now on the server shows what is written only when it is asked to: as a busy one does, for longer. */
async function showNothingNew(): Promise<void> {
  await copy.server.request({
    method: "PUT",
    path: `/${copy.names.tradesPattern}/_settings`,
    body: { index: { refresh_interval: "-1" } },
  });
}

test("a walk that passed a row which the server showed too late says on its last page that rows lack", async () => {
  await storeTrades(0, 10, 20, 30, 40);
  await copy.settle();
  await showNothingNew();
  await storeTrades(5);
  clock.nowMs += 10_000;
  const api = await queryApiOver(store, () => clock.nowMs);
  const question = `/v1/trades?from=${START_SECONDS}&to=${START_SECONDS + 60}&sort=ts:asc&limit=2`;
  const ask = async (path: string) => page.parse(await (await api.send(path)).json());

  const pages = [await ask(question)];
  await copy.settle();
  for (let cursor = pages[0]?.next_cursor; cursor; cursor = pages.at(-1)?.next_cursor)
    pages.push(await ask(`${question}&cursor=${cursor}`));

  expect(pages.flatMap(({ data }) => data)).toHaveLength(5);
  expect(pages.at(-1)?.coverage).toMatchObject({ complete: false });
  expect(pages.map(({ coverage }) => coverage.gaps.map(({ cause }) => cause))).toEqual([
    [null],
    [null],
    ["stored_after_as_of"],
  ]);
});
