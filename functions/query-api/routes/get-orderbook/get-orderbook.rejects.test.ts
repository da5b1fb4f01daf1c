import { aBook, aMarket } from "@polytape/market-model/testing";
import { expect, test } from "vitest";
import { anApi, NOW } from "../../testing/an-api.ts";
import { rejections } from "./rejections.ts";

const MARKET = aMarket();

test.each(rejections)("refuses $path with $status $code", async ({ path, status, code, why }) => {
  const api = await anApi();
  await api.store.markets.storeMarkets([MARKET], NOW);
  await api.store.books.storeBooks([{ ...aBook(), observedAtMs: NOW, previousSeenAtMs: null }]);

  const answer = await api.ask(path);

  expect([answer.status, answer.body.error.code]).toEqual([status, code]);
  expect(answer.body.error.message).toContain(why);
});

test("for a moment before the first book it says since when there is one, and both possible reasons", async () => {
  const api = await anApi();
  await api.store.markets.storeMarkets([MARKET], NOW);
  const tsMs = NOW - 60_000;
  await api.store.books.storeBooks([{ ...aBook(), tsMs, observedAtMs: NOW, previousSeenAtMs: null }]);

  const { status, body } = await api.ask(
    `/v1/orderbook?market_id=${MARKET.slug}&outcome=Yes&at=${NOW - 3_600_000}`,
  );

  expect(status).toBe(404);
  expect(body.error.message).toContain(`the first one is of ${new Date(tsMs).toISOString()}`);
  expect(body.error.message).toMatch(/nothing was collected yet, or .* most active/);
});

test("a clock that is half a minute ahead is not refused", async () => {
  const api = await anApi();
  await api.store.markets.storeMarkets([MARKET], NOW);
  await api.store.books.storeBooks([{ ...aBook(), observedAtMs: NOW, previousSeenAtMs: null }]);

  const { status } = await api.ask(`/v1/orderbook?market_id=${MARKET.slug}&outcome=Yes&at=${NOW + 30_000}`);

  expect(status).toBe(200);
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

test("for a moment past retention it says since when anything is kept", async () => {
  const api = await anApi();
  await api.store.markets.storeMarkets([MARKET], NOW);

  const { body } = await api.ask(
    `/v1/orderbook?market_id=${MARKET.slug}&outcome=Yes&at=2026-08-23T23:59:59Z`,
  );

  expect(body.error.message).toContain("nothing before 2026-08-24T00:00:00.000Z is kept any more");
});
