import * as wire from "@polytape/polymarket-source/wire";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { z } from "zod";
import { type Simulator, startSimulator } from "./index.ts";

/** What is served must be what the client's schemas read: so the two cannot drift apart. */
let simulator: Simulator;
const EPOCH = Date.UTC(2026, 10, 20, 12);

beforeAll(async () => {
  simulator = await startSimulator({
    epochMs: EPOCH,
    marketCount: 400,
    historyHours: 0.1,
    now: () => EPOCH + 600_000,
  });
});
afterAll(() => simulator.close());

async function get<Schema extends z.ZodType>(path: string, schema: Schema): Promise<z.output<Schema>> {
  return schema.parse(await (await fetch(`${simulator.url}${path}`)).json());
}

test.each(["true", "false"])("every market parses (closed=%s)", async (closed) => {
  let cursor: string | null | undefined;
  let count = 0;
  do {
    const after = cursor ? `&after_cursor=${cursor}` : "";
    const path = `/gamma/markets/keyset?limit=100&include_tag=true&closed=${closed}${after}`;
    const page = await get(path, wire.polymarketMarketPage);
    for (const market of page.markets) wire.polymarketMarket.parse(market);
    count += page.markets.length;
    cursor = page.next_cursor;
  } while (cursor);

  expect(count).toBeGreaterThan(100);
});

test("the offset list and single look-ups parse", async () => {
  const [first] = await get("/gamma/markets?limit=1", wire.polymarketMarketList);
  const market = wire.polymarketMarket.parse(first);

  expect(await get(`/gamma/markets/${market.id}`, wire.polymarketMarket)).toMatchObject({ id: market.id });
});

test.each(["true", "false"])("every trade row parses (taker_only=%s)", async (taker) => {
  const page = await get(`/data/v2/trades?limit=1000&taker_only=${taker}`, wire.polymarketTradePage);
  for (const row of page.data) wire.polymarketTrade.parse(row);

  expect(page.data).toHaveLength(1_000);
});

test("the status and an error parse", async () => {
  const status = await get("/data/v2/status", wire.polymarketStatus);
  const error = await get("/data/v2/trades?cursor=x", wire.polymarketError);

  expect(status.data.serving.lag_seconds).toBeGreaterThanOrEqual(0);
  expect(error.code).toBe("invalid_request");
});

test("every book parses", async () => {
  const markets = await get("/gamma/markets?limit=100", wire.polymarketMarketList);
  const tokens = markets.flatMap((market) => JSON.parse(String(Object(market).clobTokenIds)) as string[]);
  const body = JSON.stringify(tokens.map((token_id) => ({ token_id })));
  const answer = await fetch(`${simulator.url}/clob/books`, { method: "POST", body });
  const books = wire.polymarketBookList
    .parse(await answer.json())
    .map((book) => wire.polymarketBook.parse(book));

  expect(books.length).toBeGreaterThan(150);
});
