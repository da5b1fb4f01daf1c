import { PolytapeError } from "@polytape/market-model";
import { aMarket } from "@polytape/market-model/testing";
import { expect, test } from "vitest";
import { type Place, writeCursor } from "../../http/page-cursor.ts";
import { anApi, NOW } from "../../testing/an-api.ts";
import { tradesOf } from "../../testing/store-trades.ts";
import { rejections } from "./rejections.ts";

const MARKET = aMarket();

async function anApiWithMarket() {
  const api = await anApi();
  await api.store.markets.storeMarkets([MARKET], NOW - 10_000);
  return api;
}

test.each(rejections)("refuses $path and says why", async ({ path, status, code, why }) => {
  const api = await anApiWithMarket();

  const answer = await api.ask(path);

  expect([answer.status, answer.body.error.code]).toEqual([status, code]);
  expect(answer.body.error.message).toContain(why);
});

test("refuses a page that lies too deep, and names the way that goes on", async () => {
  const api = await anApiWithMarket();

  const { status, body } = await api.ask("/v1/trades?page=11&limit=1000");

  expect(status).toBe(400);
  expect(body.error).toMatchObject({ code: "page_too_deep", message: expect.stringContaining("cursor") });
  expect((await api.ask("/v1/trades?page=10&limit=1000")).status).toBe(200);
});

test("refuses a cursor that was altered at any place, or belongs to another question", async () => {
  const api = await anApiWithMarket();
  await api.store.trades.createTrades(tradesOf([{ tsSeconds: 1_790_000_000 }, { tsSeconds: 1_790_000_001 }]));
  api.clock.nowMs += 10_000;
  const cursor: string = (await api.ask("/v1/trades?limit=1")).body.next_cursor;
  const altered = [...cursor].map((letter, place) => {
    const other = letter === "A" ? "B" : "A";
    return cursor.slice(0, place) + other + cursor.slice(place + 1);
  });

  expect((await api.ask(`/v1/trades?limit=7&cursor=${cursor}`)).status).toBe(200);
  for (const query of [
    ...altered.map((text) => `cursor=${text}`),
    `cursor=${cursor}&side=buy`,
    `cursor=${cursor}&sort=ts:asc`,
    `cursor=${cursor}&market_id=${MARKET.slug}`,
    "cursor=hello",
    "cursor=bnVsbA",
  ]) {
    const { status, body } = await api.ask(`/v1/trades?${query}`);
    expect([status, body.error.code], query).toEqual([400, "invalid_cursor"]);
  }
});

// The digest is no secret: anybody can make a cursor that passes it.
test.each([
  ["of no moment", ["x", 1], NOW],
  ["after the last moment", [9e15, 1], NOW],
  ["between two ties", [NOW, 0.5], NOW],
  ["as of a moment that no clock shows", [NOW, 1], 9e15],
] as const)("refuses a well-made cursor to a place %s", async (_what, position, asOfMs) => {
  const api = await anApiWithMarket();
  const question = ["trades", ...Array.from({ length: 7 }, () => undefined)];

  const askAt = (place: Pick<Place, "position" | "asOfMs">) =>
    api.ask(`/v1/trades?cursor=${writeCursor({ ...place, rowsBefore: 1 }, question)}`);
  const { status, body } = await askAt({ position, asOfMs });
  const sound = await askAt({ position: [NOW, 1], asOfMs: NOW });

  expect([status, body.error.code, sound.status]).toEqual([400, "invalid_cursor", 200]);
});

test("refuses page and cursor together", async () => {
  const api = await anApiWithMarket();

  const { body } = await api.ask("/v1/trades?page=1&cursor=abc");

  expect(body.error).toMatchObject({
    code: "invalid_parameter",
    message: expect.stringContaining("exclude"),
  });
});

test("refuses an outcome that the market does not have, naming those it has", async () => {
  const api = await anApiWithMarket();

  const { status, body } = await api.ask(`/v1/trades?market_id=${MARKET.slug}&outcome=Maybe`);

  expect(status).toBe(400);
  expect(body.error).toEqual({
    code: "unknown_outcome",
    message: "The outcomes of this market are Yes (0), No (1).",
  });
});

test.each([
  ["a slug that nothing has", "no-such-market"],
  ["a condition id of which no trade is known either", `0x${"f".repeat(64)}`],
])("answers 404 to %s", async (_what, id) => {
  const api = await anApiWithMarket();

  const { status, body } = await api.ask(`/v1/trades?market_id=${id}`);

  expect([status, body.error.code]).toEqual([404, "market_not_found"]);
});

test("refuses to add up a month of all markets, and says the bound", async () => {
  const api = await anApiWithMarket();

  for (const range of ["", "&from=2026-11-01T00:00:00Z"]) {
    const { status, body } = await api.ask(`/v1/trades?aggregates=volume${range}`);
    expect([status, body.error.code]).toEqual([400, "range_too_wide"]);
    expect(body.error.message).toContain("7 days");
  }
  expect((await api.ask("/v1/trades?aggregates=volume&from=2026-11-20T00:00:00Z")).status).toBe(200);
});

test("refuses a sum that is too large to be exact, and says so", async () => {
  const api = await anApiWithMarket();
  const error = new PolytapeError(
    "input",
    "amount_too_large",
    "A sum is too large to be exact: ask for less.",
  );
  api.store.failNext("trades.aggregateTrades", { error });

  const { status, body } = await api.ask(`/v1/trades?market_id=${MARKET.slug}&aggregates=volume`);

  expect([status, body.error.code]).toEqual([400, "amount_too_large"]);
  expect(body.error.message).toContain("ask for less");
});

test("answers 503 when the store does not answer, and nothing of its inside leaks", async () => {
  const api = await anApiWithMarket();
  api.store.failNext("trades.findTrades", { error: new Error("connect ECONNREFUSED 10.0.0.7:9200") });
  api.store.failNext("trades.findTrades");

  const mistake = await api.ask("/v1/trades");
  const away = await api.ask("/v1/trades");

  expect([mistake.status, mistake.body.error.code]).toEqual([500, "internal"]);
  expect(JSON.stringify(mistake.body)).not.toContain("ECONNREFUSED");
  expect([away.status, away.body.error.code]).toEqual([503, "store_unavailable"]);
  expect(away.headers.get("retry-after")).toBe("1");
  expect(api.log.join("\n")).toContain(mistake.body.request_id);
});
