import { aMarket } from "@polytape/market-model/testing";
import { expect, test } from "vitest";
import { anApi, NOW } from "../../testing/an-api.ts";

const markets = Array.from({ length: 7 }, (_, n) =>
  aMarket({
    marketId: `0x${String(n).repeat(64)}`,
    gammaId: String(100 + n),
    slug: `market-${n}`,
    title: n < 3 ? `Will it rain on day ${n}?` : `Will team ${n} win?`,
    category: n < 3 ? "weather" : "sports",
    status: n % 2 === 0 ? "open" : "closed",
    closeTimeMs: n === 6 ? null : Date.parse("2026-12-01T00:00:00Z") + n * 86_400_000,
  }),
);

async function anApiWithMarkets() {
  const api = await anApi();
  await api.store.markets.storeMarkets(markets, NOW - 10_000);
  return api;
}

type Row = { slug: string };
const slugsOf = (body: { data: Row[] }) => body.data.map(({ slug }) => slug);

test.each([
  ["all, those that close last first", "", [5, 4, 3, 2, 1, 0, 6]],
  ["by words", "q=rain", [2, 1, 0]],
  ["by category", "category=sports", [5, 4, 3, 6]],
  ["by status", "status=closed", [5, 3, 1]],
  [
    "by close time, from included and to excluded",
    "from=2026-12-02T00:00:00Z&to=2026-12-04T00:00:00Z",
    [2, 1],
  ],
  ["by everything at once", "q=rain&category=weather&status=open", [2, 0]],
  ["that are not there", "q=snow", []],
])("lists markets %s", async (_what, query, expected) => {
  const api = await anApiWithMarkets();

  const { status, body } = await api.ask(`/v1/markets?${query}`);

  expect(status).toBe(200);
  expect(slugsOf(body)).toEqual(expected.map((n) => `market-${n}`));
  expect(body).toMatchObject({ page: 1, limit: 100, next_cursor: null });
});

test.each([1, 2, 3])("cursors and pages of %i give every market once", async (limit) => {
  const api = await anApiWithMarkets();
  const whole = slugsOf((await api.ask("/v1/markets")).body);

  const byCursor: string[] = [];
  for (let cursor = ""; ; ) {
    const { body } = await api.ask(`/v1/markets?limit=${limit}${cursor}`);
    byCursor.push(...slugsOf(body));
    if (body.next_cursor === null) break;
    cursor = `&cursor=${body.next_cursor}`;
  }
  const byPage: string[] = [];
  for (let page = 1; byPage.length < whole.length; page += 1)
    byPage.push(...slugsOf((await api.ask(`/v1/markets?limit=${limit}&page=${page}`)).body));

  expect(byCursor).toEqual(whole);
  expect(byPage).toEqual(whole);
});

test("a market has exactly the documented fields", async () => {
  const api = await anApiWithMarkets();

  const { body } = await api.ask("/v1/markets?limit=1");

  expect(body.data[0]).toEqual({
    market_id: `0x${"5".repeat(64)}`,
    gamma_id: "105",
    slug: "market-5",
    title: "Will team 5 win?",
    description: "Resolves Yes if it rains.",
    category: "sports",
    tags: ["weather"],
    status: "closed",
    created_at: "2026-09-10T00:26:40.000Z",
    close_time: "2026-12-06T00:00:00.000Z",
    outcomes: [
      { name: "Yes", asset_id: "1001", probability: 0.6, winner: null },
      { name: "No", asset_id: "1002", probability: 0.4, winner: null },
    ],
    fees: null,
    tick_size: 0.01,
    volume: 1000,
    liquidity: 500,
    updated_at: "2026-09-15T19:20:00.000Z",
  });
});

test("an unknown category gives an empty list, of which nobody knows whether it is whole", async () => {
  const { status, body } = await (await anApiWithMarkets()).ask("/v1/markets?category=nonsense");

  expect([status, body.data, body.coverage.complete]).toEqual([200, [], null]);
});

test("says that nobody knows whether the catalogue is whole", async () => {
  const { body } = await (await anApiWithMarkets()).ask("/v1/markets");

  expect(body.coverage).toEqual({
    complete: null,
    from: null,
    to: "2026-11-22T11:59:58.000Z",
    gaps_total: 1,
    gaps: [{ from: null, to: "2026-11-22T11:59:58.000Z", state: "unknown", cause: null }],
  });
});
