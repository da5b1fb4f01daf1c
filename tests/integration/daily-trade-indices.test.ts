import { aTrade } from "@polytape/market-model/testing";
import { openMarketStore } from "@polytape/market-store";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { z } from "zod";
import { makeStoreCopy, type StoreCopy } from "./market-store-copy.ts";

/** Why trades lie in an index of their event day and not behind a rollover alias (docs/decisions/0020). */
const stored = z.object({ _source: z.record(z.string(), z.unknown()) });
const found = z.object({ count: z.number() });
const trade = aTrade();
let copy: StoreCopy;

beforeAll(async () => {
  copy = await makeStoreCopy(inject("openSearchUrl"));
});

afterAll(() => copy?.remove());

/** The same document under the same id, with `create`: the server's word on whether it is new. */
async function createTwice(index: string, between: () => Promise<unknown>): Promise<number[]> {
  const { server, names } = copy;
  const path = `/${names.tradesOfDay(trade.tsSeconds * 1_000)}/_doc/${trade.tradeId}`;
  const body = stored.parse((await server.request({ method: "GET", path })).body)._source;
  const create = { method: "PUT", path: `/${index}/_create/${trade.tradeId}`, body, accept: [409] } as const;
  const first = await server.request(create);
  await between();
  return [first.status, (await server.request(create)).status];
}

test("a trade that is read twice is stored once, by its id in the index of its day", async () => {
  const store = openMarketStore(copy.settings);

  expect(await store.trades.createTrades([trade])).toEqual({ stored: 1, repeated: 0 });
  expect(await store.trades.createTrades([trade])).toEqual({ stored: 0, repeated: 1 });
  const day = copy.names.tradesOfDay(trade.tsSeconds * 1_000);
  expect(await createTwice(day, async () => {})).toEqual([409, 409]);
  await store.close();
});

// An id is unique within one index, and a rolled alias writes to another one.
test("behind an alias that is rolled in between, the same trade is created twice", async () => {
  const [first, alias] = [`${copy.names.prefix}trades_v1-rolled-000001`, `${copy.names.prefix}trades_rolled`];
  const aliases = { [alias]: { is_write_index: true } };
  await copy.server.request({ method: "PUT", path: `/${first}`, body: { aliases } });

  const statuses = await createTwice(alias, () =>
    copy.server.request({ method: "POST", path: `/${alias}/_rollover` }),
  );

  expect(statuses).toEqual([201, 201]);
  await copy.settle();
  const { body } = await copy.server.request({ method: "GET", path: `/${alias}/_count` });
  expect(found.parse(body).count).toBe(2);
});
