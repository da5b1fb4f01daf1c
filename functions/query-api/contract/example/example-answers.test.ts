import { aBook, aMarket } from "@polytape/market-model/testing";
import { expect, test } from "vitest";
import { routes } from "../../app.ts";
import { NOW } from "../../testing/an-api.ts";
import { anApiWithCandles } from "../../testing/an-api-with-candles.ts";
import { recordCoverage } from "../../testing/record-coverage.ts";
import { type ExampleName, pathWith, questionOf, START_HOURS_AGO } from "./example-question.ts";

/** A morning of one market, in which the collector was away for ten minutes. */
async function anExampleWorld() {
  const second = (time: string) => Date.parse(`2026-11-22T${time}Z`) / 1_000;
  const api = await anApiWithCandles(
    [
      { tsSeconds: second("08:12:07"), price: 0.58, size: 120, side: "buy" },
      { tsSeconds: second("08:47:31"), price: 0.61, size: 40.5, side: "buy" },
      { tsSeconds: second("10:03:15"), price: 0.6, size: 75, side: "sell" },
      { tsSeconds: second("10:41:02"), price: 0.63, size: 210.25, side: "buy" },
    ],
    "1h",
  );
  await api.store.markets.storeMarkets([aMarket({ updatedAtMs: NOW - 4_200 })], NOW);
  api.clock.nowMs = NOW + 10_000;
  await recordCoverage(api.store, "2026-11-22T00:00:00Z", "2026-11-22T11:50:00Z", { evidence: { pages: 3 } });
  await recordCoverage(api.store, "2026-11-22T10:20:00Z", "2026-11-22T10:30:00Z", {
    ...{ state: "missing", cause: "collector_down", evidence: { reason: "no tick" } },
  });
  const tsMs = Date.parse("2026-11-22T10:59:58.412Z");
  await api.store.books.storeBooks([
    {
      ...aBook({ assetId: "1001", marketId: aMarket().marketId, tsMs }),
      observedAtMs: tsMs,
      previousSeenAtMs: null,
    },
  ]);
  return api;
}

/** After a change of an answer: npm run docs -w @polytape/query-api, and commit what it writes. */
test("the answers on the page are what the service answers to the questions beside them", async () => {
  const api = await anExampleWorld();

  const names: Record<ExampleName, string> = {
    slug: aMarket().slug,
    market: aMarket().marketId,
    token: "1001",
    start: String(Math.floor(api.clock.nowMs / 1_000) - START_HOURS_AGO * 3_600),
  };

  const answers: Record<string, unknown> = {};
  for (const route of routes) {
    const path = pathWith(questionOf(route), (name) => names[name]);
    const { status, body } = await api.ask(path);
    expect(status, path).toBe(200);
    answers[route.name] = Object.hasOwn(body, "key_id") ? { ...body, key_id: "3f9c2a7be4d1" } : body;
  }

  await expect(`${JSON.stringify(answers, null, 2)}\n`).toMatchFileSnapshot("./example-answers.json");
});
