import { HOUR_MS } from "@polytape/market-model";
import { aMarket } from "@polytape/market-model/testing";
import { expect, test } from "vitest";
import { anApi, NOW } from "../../testing/an-api.ts";
import { recordCoverage } from "../../testing/record-coverage.ts";

const MARKET = aMarket();

test("lists what the ledger says and adds up the time in each state", async () => {
  const api = await anApi();
  await recordCoverage(api.store, "2026-11-22T00:00:00Z", "2026-11-22T06:00:00Z");
  await recordCoverage(api.store, "2026-11-22T06:00:00Z", "2026-11-22T07:00:00Z", {
    state: "missing",
    cause: "collector_down",
    evidence: { walks: 2 },
  });

  const { status, body } = await api.ask(
    "/v1/coverage?stream=trades&from=2026-11-22T00:00:00Z&to=2026-11-22T10:00:00Z",
  );

  expect(status).toBe(200);
  expect(body.data[1]).toEqual({
    stream: "trades",
    market_id: null,
    asset_id: null,
    from: "2026-11-22T06:00:00.000Z",
    to: "2026-11-22T07:00:00.000Z",
    state: "missing",
    cause: "collector_down",
    evidence: { walks: 2, polytape: expect.any(String) },
  });
  expect(body.totals).toEqual([
    {
      stream: "trades",
      complete_ms: 6 * HOUR_MS,
      partial_ms: 0,
      missing_ms: HOUR_MS,
      unknown_ms: 3 * HOUR_MS,
      complete: false,
    },
  ]);
});

test("without parameters tells of the last 24 hours of all streams", async () => {
  const api = await anApi();

  const { body } = await api.ask("/v1/coverage");

  expect(body.data).toEqual([]);
  expect(body.totals).toMatchObject(
    ["trades", "books", "markets"].map((stream) => ({ stream, unknown_ms: 24 * HOUR_MS, complete: null })),
  );
});

test("of the future nothing is known, which is an answer and no error", async () => {
  const api = await anApi();
  await recordCoverage(api.store, "2026-11-22T00:00:00Z", "2026-11-22T12:00:00Z");

  const { status, body } = await api.ask(
    "/v1/coverage?stream=trades&from=2026-11-22T11:00:00Z&to=2026-11-22T14:00:00Z",
  );
  const beyond = await api.ask(
    "/v1/coverage?stream=trades&from=2062-11-22T00:00:00Z&to=2062-11-22T01:00:00Z",
  );

  expect([status, beyond.status]).toEqual([200, 200]);
  expect(body.totals).toMatchObject([{ complete_ms: HOUR_MS, unknown_ms: 2 * HOUR_MS, complete: null }]);
  expect(beyond.body).toMatchObject({ data: [], totals: [{ unknown_ms: HOUR_MS, complete: null }] });
});

test("a market's coverage takes what was said about all markets into account", async () => {
  const api = await anApi();
  await api.store.markets.storeMarkets([MARKET], NOW);
  await recordCoverage(api.store, "2026-11-22T00:00:00Z", "2026-11-22T06:00:00Z");
  await recordCoverage(api.store, "2026-11-22T00:00:00Z", "2026-11-22T06:00:00Z", { marketId: "0xother" });

  const { body } = await api.ask(
    `/v1/coverage?market_id=${MARKET.slug}&stream=trades&from=2026-11-22T00:00:00Z&to=2026-11-22T06:00:00Z`,
  );

  expect(body.data).toHaveLength(1);
  expect(body.totals[0].complete).toBe(true);
});
