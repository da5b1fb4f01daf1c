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

test("a book of which one side's document is lost is not served", async () => {
  const api = await anApi();
  await api.store.markets.storeMarkets([MARKET], NOW);
  const book = { ...aBook(), observedAtMs: NOW, previousSeenAtMs: null };
  await api.store.books.storeBooks([book]);
  api.store.loseBookSide(book.assetId, book.tsMs, "ask");

  const { status } = await api.ask(`/v1/orderbook?market_id=${MARKET.slug}&outcome=Yes`);

  expect(status).toBe(404);
});
