import { aMarket } from "@polytape/market-model/testing";
import type { Rejection } from "../../testing/rejection.ts";

const MARKET = aMarket();

/** Of a store that holds the market of the tests. */
export const rejections: readonly Rejection[] = (
  [
    ["outcome=Yes&interval=1m", "invalid_parameter", "market_id is missing"],
    [`market_id=${MARKET.slug}&interval=1m`, "invalid_parameter", "outcome is missing"],
    [`market_id=${MARKET.slug}&outcome=Yes`, "invalid_parameter", "interval"],
    [`market_id=${MARKET.slug}&outcome=Yes&interval=2m`, "invalid_parameter", "must be one of 1m, 5m, 1h"],
    [`market_id=${MARKET.slug}&outcome=Yes&interval=1m&limit=5`, "invalid_parameter", 'no parameter "limit"'],
    [`market_id=${MARKET.slug}&outcome=7&interval=1m`, "unknown_outcome", "Yes (0), No (1)"],
    ["market_id=nothing&outcome=Yes&interval=1m", "market_not_found", "No market"],
    [`market_id=0x${"f".repeat(64)}&outcome=Yes&interval=1m`, "unknown_outcome", "asset id"],
  ] as const
).map(([query, code, why]) => ({
  path: `/v1/candles?${query}`,
  status: code === "market_not_found" ? 404 : 400,
  code,
  why,
}));
