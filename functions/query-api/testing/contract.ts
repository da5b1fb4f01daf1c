import type { EpochMs } from "@polytape/market-model";
import { aMarket } from "@polytape/market-model/testing";
import { routes } from "../app.ts";
import { rejections as ofCandles } from "../routes/get-candles/rejections.ts";
import { rejections as ofCoverage } from "../routes/get-coverage/rejections.ts";
import { rejections as ofMarket } from "../routes/get-market/rejections.ts";
import { rejections as ofOrderbook } from "../routes/get-orderbook/rejections.ts";
import { rejections as ofMarkets } from "../routes/list-markets/rejections.ts";
import { rejections as ofTrades } from "../routes/list-trades/rejections.ts";
import type { Rejection } from "./rejection.ts";

export { byContract, byContractThroughGateway } from "./by-contract.ts";
export { storeWorld } from "./fuzz/store-world.ts";
export { expectInOpenApi } from "./openapi-check.ts";

const MARKET = aMarket();

/** Everything that is refused, of every endpoint: asked in this process and through the gateway. */
export const rejections: readonly Rejection[] = [
  ...[...ofMarkets, ...ofMarket, ...ofTrades, ...ofOrderbook, ...ofCandles, ...ofCoverage],
  ...routes.map(({ path }) => ({
    path: `${path.replace("{id}", MARKET.slug)}?form=1`,
    ...{ status: 400, code: "invalid_parameter", why: '"form"' },
  })),
  { path: "/v1/nothing", status: 404, code: "not_found" },
];

/** A question that is answered. `route` as the OpenAPI document names it. */
export interface Finding {
  readonly route: string;
  readonly path: string;
  /** JSON unless said. */
  readonly contentType?: string;
}

/** Of every endpoint some questions with an answer, about the hour from `startMs` on of the world of `storeWorld`. */
export function findingsOf(startMs: EpochMs): readonly Finding[] {
  const range = `from=${startMs}&to=${startMs + 3_600_000}`;
  const csv = { contentType: "text/csv; charset=utf-8; header=present" };
  const ndjson = { contentType: "application/x-ndjson" };
  const of = `market_id=${MARKET.slug}`;
  return [
    { route: "/v1/markets", path: "/v1/markets?limit=2" },
    { route: "/v1/markets", path: "/v1/markets?q=rain&status=open" },
    { route: "/v1/markets", path: "/v1/markets?format=csv", ...csv },
    ...[MARKET.slug, MARKET.gammaId, MARKET.marketId, "did-it-rain"].map((id) => ({
      ...{ route: "/v1/markets/{id}", path: `/v1/markets/${id}` },
    })),
    { route: "/v1/trades", path: `/v1/trades?${of}&outcome=Yes&${range}&aggregates=volume,vwap,notional,n` },
    { route: "/v1/trades", path: `/v1/trades?${range}&sort=ts:asc&side=sell&limit=3&page=2` },
    { route: "/v1/trades", path: `/v1/trades?${range}&format=ndjson`, ...ndjson },
    { route: "/v1/orderbook", path: `/v1/orderbook?${of}&outcome=Yes&at=${startMs + 5_000}` },
    {
      route: "/v1/orderbook",
      path: `/v1/orderbook?${of}&outcome=1001&match=nearest&side=bid&at=${startMs - 5_000}`,
    },
    { route: "/v1/candles", path: `/v1/candles?${of}&outcome=0&interval=1m&${range}` },
    { route: "/v1/candles", path: `/v1/candles?${of}&outcome=1&interval=1h&${range}` },
    { route: "/v1/candles", path: `/v1/candles?${of}&outcome=1&interval=1m&${range}&format=csv`, ...csv },
    { route: "/v1/coverage", path: `/v1/coverage?${range}&stream=trades` },
    { route: "/v1/coverage", path: `/v1/coverage?${of}&${range}` },
    ...["/v1/me", "/v1/status", "/health"].map((path) => ({ route: path, path })),
  ];
}
