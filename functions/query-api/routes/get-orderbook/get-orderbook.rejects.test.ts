import { aBook, aMarket } from "@polytape/market-model/testing";
import { expect, test } from "vitest";
import { anApi, NOW } from "../../testing/an-api.ts";

const MARKET = aMarket();

test.each([
  ["outcome=Yes", 400, "invalid_parameter", "market_id is missing"],
  [`market_id=${MARKET.slug}`, 400, "invalid_parameter", "outcome is missing"],
  [`market_id=${MARKET.slug}&outcome=Yes&match=after`, 400, "invalid_parameter", "match must be"],
  [`market_id=${MARKET.slug}&outcome=Yes&side=buy`, 400, "invalid_parameter", "side must be bid or ask"],
  [`market_id=${MARKET.slug}&outcome=Yes&at=now`, 400, "invalid_parameter", "at must be RFC 3339"],
  [`market_id=${MARKET.slug}&outcome=No`, 404, "book_not_found", "No book of this outcome"],
  [
    `market_id=${MARKET.slug}&outcome=Yes&at=1000`,
    404,
    "book_not_found",
    "at or before 1970-01-01T00:16:40.000Z",
  ],
  [
    `market_id=${MARKET.slug}&outcome=Yes&at=2026-08-23T23:59:59Z`,
    404,
    "book_not_found",
    "nothing before 2026-08-24T00:00:00.000Z is kept any more",
  ],
  ["market_id=500002&outcome=Yes", 404, "market_not_found", "No market"],
])("refuses ?%s with %i %s", async (query, expected, code, why) => {
  const api = await anApi();
  await api.store.markets.storeMarkets([MARKET], NOW);
  await api.store.books.storeBooks([{ ...aBook(), observedAtMs: NOW, previousSeenAtMs: null }]);

  const { status, body } = await api.ask(`/v1/orderbook?${query}`);

  expect([status, body.error.code]).toEqual([expected, code]);
  expect(body.error.message).toContain(why);
});

test("a book of which one side's document is lost is not served", async () => {
  const api = await anApi();
  await api.store.markets.storeMarkets([MARKET], NOW);
  const book = { ...aBook(), observedAtMs: NOW, previousSeenAtMs: null };
  await api.store.books.storeBooks([book]);
  api.store.loseBookSide(book.assetId, book.tsMs, "ask");

  const { status } = await api.ask(`/v1/orderbook?market_id=${MARKET.slug}&outcome=Yes`);

  expect(status).toBe(404);
});
