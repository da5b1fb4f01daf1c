import { aBook, aMarket } from "@polytape/market-model/testing";
import { expect, test } from "vitest";
import { routes } from "../app.ts";
import { contractPages } from "../contract/contract-pages.ts";
import { anApi, NOW } from "./an-api.ts";
import { anApiWithCandles } from "./an-api-with-candles.ts";
import { recordCoverage } from "./record-coverage.ts";
import { tradesOf } from "./store-trades.ts";

const MARKET = aMarket();
const RANGE = "from=2026-11-22T10:00:00Z&to=2026-11-22T11:30:00Z";

async function aFullApi() {
  const api = await anApiWithCandles([
    { tsSeconds: NOW / 1_000 - 3_600, price: 0.42 },
    { tsSeconds: NOW / 1_000 - 3_590, price: 0.43 },
  ]);
  api.clock.nowMs += 10_000;
  await recordCoverage(api.store, "2026-11-22T10:00:00Z", "2026-11-22T11:30:00Z", {
    marketId: MARKET.marketId,
  });
  const book = { ...aBook({ assetId: "1001", marketId: MARKET.marketId, tsMs: NOW - 60_000 }) };
  await api.store.books.storeBooks([{ ...book, observedAtMs: NOW - 60_000, previousSeenAtMs: null }]);
  return api;
}

test.each(routes.map(({ path }) => path))(
  "%s refuses a parameter that it does not know, by name",
  async (path) => {
    const api = await aFullApi();

    const { status, body } = await api.ask(`${path.replace("{id}", MARKET.slug)}?form=2026-11-22T10:00:00Z`);

    expect([status, body.error.code]).toEqual([400, "invalid_parameter"]);
    expect(body.error.message).toContain('"form"');
  },
);

// They answer no question: a link with a mark for a statistic or a cache must go on working.
test.each(contractPages.map(({ path }) => path))(
  "%s is the same page whatever stands behind it",
  async (path) => {
    const { send } = await anApi();

    const [plain, marked] = await Promise.all([send(path), send(`${path}?v=2&utm_source=x`)]);

    expect(marked.status).toBe(200);
    expect(await marked.text()).toBe(await plain.text());
  },
);

const ABOUT_A_MARKET = [
  `/v1/trades?${RANGE}&aggregates=volume&market_id=`,
  "/v1/orderbook?outcome=Yes&market_id=",
  `/v1/candles?outcome=Yes&interval=1m&${RANGE}&market_id=`,
  `/v1/coverage?stream=trades&${RANGE}&market_id=`,
  "/v1/markets/",
];

test.each(ABOUT_A_MARKET)("%s… answers the same to condition id, Gamma id and slug", async (question) => {
  const api = await aFullApi();

  const answers = [];
  for (const id of [MARKET.marketId, MARKET.gammaId, MARKET.slug]) {
    const { status, body } = await api.ask(question + id);
    answers.push({ status, body });
  }

  expect(answers[0]?.status).toBe(200);
  expect(JSON.stringify(answers[0]?.body)).toContain(MARKET.marketId);
  expect(answers).toEqual([answers[0], answers[0], answers[0]]);
});

const UNLISTED = `0x${"d4".repeat(32)}`;
const NOBODYS = `0x${"f".repeat(64)}`;
const QUIET = "from=2026-11-22T10:10:00Z&to=2026-11-22T10:20:00Z";

async function anApiWithAnUnlistedMarket() {
  const api = await aFullApi();
  await api.store.trades.createTrades(tradesOf([{ marketId: UNLISTED, assetId: "77001", side: "buy" }]));
  return api;
}

// The catalogue may learn of a market after its first trades came, and a filter that matches none of them proves nothing.
test.each([
  `/v1/trades?${QUIET}&market_id=`,
  "/v1/trades?side=sell&market_id=",
  "/v1/trades?outcome=77002&market_id=",
  `/v1/candles?${QUIET}&interval=1m&outcome=77001&market_id=`,
])("%s… knows a market that only the tape knows, also where nothing is found", async (question) => {
  const api = await anApiWithAnUnlistedMarket();

  const known = await api.ask(question + UNLISTED);
  const unknown = await api.ask(question + NOBODYS);

  expect([known.status, known.body.coverage.complete]).toEqual([200, null]);
  expect(known.body.data ?? []).toEqual([]);
  expect([unknown.status, unknown.body.error?.code]).toEqual([404, "market_not_found"]);
});

test("/v1/orderbook tells a market without books from one that nobody knows", async () => {
  const api = await anApiWithAnUnlistedMarket();

  const answers = [];
  for (const id of [UNLISTED, NOBODYS])
    answers.push((await api.ask(`/v1/orderbook?outcome=77001&market_id=${id}`)).body.error.code);

  expect(answers).toEqual(["book_not_found", "market_not_found"]);
});

test.each([
  [`/v1/candles?${RANGE}&interval=1m&`, 400, "unknown_outcome"],
  ["/v1/orderbook?", 404, "book_not_found"],
])("%s shows nothing of another market's token under a market's name", async (question, status, code) => {
  const api = await anApiWithAnUnlistedMarket();

  const answer = await api.ask(`${question}market_id=${UNLISTED}&outcome=1001`);

  expect([answer.status, answer.body.error?.code]).toEqual([status, code]);
});

const ABOUT_AN_OUTCOME = [
  `/v1/trades?${RANGE}&market_id=${MARKET.slug}&outcome=`,
  `/v1/orderbook?market_id=${MARKET.slug}&outcome=`,
  `/v1/candles?interval=1m&${RANGE}&market_id=${MARKET.slug}&outcome=`,
];

test.each(ABOUT_AN_OUTCOME)("%s… answers the same to name, index and asset id", async (question) => {
  const api = await aFullApi();

  const answers = [];
  for (const outcome of ["Yes", "yes", "0", "1001"]) {
    const { status, body } = await api.ask(question + outcome);
    answers.push({ status, body });
  }

  expect(answers[0]?.status).toBe(200);
  expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
});

// A name that two outcomes share would silently mean the first of them.
test.each(ABOUT_AN_OUTCOME)(
  "%s… refuses a name that several outcomes share, and says which",
  async (question) => {
    const api = await aFullApi();
    const outcomes = MARKET.outcomes.map((outcome, place) => ({
      ...outcome,
      name: place === 0 ? "Draw" : "draw",
    }));
    await api.store.markets.storeMarkets([aMarket({ outcomes: [...outcomes, ...outcomes.slice(1)] })], NOW);

    const answers = [];
    for (const outcome of ["draw", "DRAW", "Draw", "0", "1001"])
      answers.push(await api.ask(question + outcome));

    expect(answers.map(({ status }) => status)).toEqual([400, 400, 200, 200, 200]);
    expect(answers.slice(0, 2).map(({ body }) => body.error)).toEqual([
      { code: "unknown_outcome", message: expect.stringContaining("outcomes 1 and 2 of this market") },
      { code: "unknown_outcome", message: expect.stringContaining("outcomes 0, 1 and 2 of this market") },
    ]);
  },
);

test.each(["/v1/trades", "/v1/markets"])("%s bounds page × limit, and names cursors", async (path) => {
  const api = await aFullApi();

  const { status, body } = await api.ask(`${path}?page=101&limit=100`);

  expect([status, body.error.code]).toEqual([400, "page_too_deep"]);
  expect(body.error.message).toContain("cursor");
  expect((await api.ask(`${path}?page=100&limit=100`)).status).toBe(200);
});

// The ledger remembers that dropped days were complete; the answer must not say so of rows that are gone.
test.each(["/v1/trades", "/v1/coverage"])(
  "%s claims nothing about days that are no longer kept",
  async (path) => {
    const api = await aFullApi();
    await recordCoverage(api.store, "2026-07-01T00:00:00Z", "2026-08-30T00:00:00Z");

    const { body } = await api.ask(`${path}?from=2026-07-01T00:00:00Z&to=2026-08-25T00:00:00Z`);

    expect(body).toMatchObject({ truncated_by: "retention", retention_from: "2026-08-24T00:00:00.000Z" });
    if (path === "/v1/trades")
      expect(body.coverage).toMatchObject({ from: "2026-08-24T00:00:00.000Z", complete: true });
    else expect(body.totals[0]).toMatchObject({ complete_ms: 86_400_000, unknown_ms: 0 });
  },
);
