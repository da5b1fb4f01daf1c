import { aMarket } from "@polytape/market-model/testing";
import { expect, test } from "vitest";
import { anApi, NOW } from "../../testing/an-api.ts";

const MARKET = aMarket();

test.each([MARKET.marketId, MARKET.marketId.toUpperCase().replace("0X", "0x"), MARKET.gammaId, MARKET.slug])(
  "finds a market by %s",
  async (id) => {
    const api = await anApi();
    await api.store.markets.storeMarkets([MARKET], NOW);

    const { status, body } = await api.ask(`/v1/markets/${id}`);

    expect(status).toBe(200);
    expect(body).toMatchObject({ market_id: MARKET.marketId, slug: MARKET.slug });
  },
);

test("states fees, tags and winners where the venue states them, and null where it does not", async () => {
  const api = await anApi();
  const fees = { type: "crypto", rate: 0.07, exponent: 1, takerOnly: true, rebateRate: 0.2 };
  const outcomes = [{ name: "Yes", assetId: null, probability: 1, winner: true }];
  await api.store.markets.storeMarkets([aMarket({ fees, outcomes, tags: null, status: "resolved" })], NOW);

  const { body } = await api.ask(`/v1/markets/${MARKET.slug}`);

  expect(body).toMatchObject({
    fees: { type: "crypto", rate: 0.07, exponent: 1, taker_only: true, rebate_rate: 0.2 },
    outcomes: [{ name: "Yes", asset_id: null, probability: 1, winner: true }],
    tags: null,
  });
});

test("a market that appears is found within two seconds of having been missed", async () => {
  const api = await anApi();
  expect((await api.ask(`/v1/markets/${MARKET.slug}`)).status).toBe(404);
  await api.store.markets.storeMarkets([MARKET], NOW);

  api.clock.nowMs += 2_000;

  expect((await api.ask(`/v1/markets/${MARKET.slug}`)).status).toBe(200);
});
