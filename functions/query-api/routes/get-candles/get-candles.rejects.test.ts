import { aMarket } from "@polytape/market-model/testing";
import { expect, test } from "vitest";
import { anApi, NOW } from "../../testing/an-api.ts";
import { rejections } from "./rejections.ts";

const MARKET = aMarket();

const notBuilt = {
  path: `/v1/candles?market_id=${MARKET.slug}&outcome=Yes&interval=1h`,
  ...{ status: 400, code: "invalid_parameter", why: "not built here" },
};

test.each([...rejections, notBuilt])("refuses $path with $code", async ({ path, status, code, why }) => {
  const api = await anApi({ settings: { CANDLES_INTERVALS: ["1m", "5m"] } });
  await api.store.markets.storeMarkets([MARKET], NOW);

  const answer = await api.ask(path);

  expect(answer.status).toBe(status);
  expect(answer.body.error).toMatchObject({ code, message: expect.stringContaining(why ?? "") });
});
