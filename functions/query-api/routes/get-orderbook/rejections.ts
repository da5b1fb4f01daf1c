import { aMarket } from "@polytape/market-model/testing";
import type { Rejection } from "../../testing/rejection.ts";

const MARKET = aMarket();

/** Of a store that holds the market of the tests, and a book of its first outcome. */
export const rejections: readonly Rejection[] = (
  [
    ["outcome=Yes", 400, "invalid_parameter", "market_id is missing"],
    [`market_id=${MARKET.slug}`, 400, "invalid_parameter", "outcome is missing"],
    [`market_id=${MARKET.slug}&outcome=Yes&match=after`, 400, "invalid_parameter", "match must be"],
    [`market_id=${MARKET.slug}&outcome=Yes&side=buy`, 400, "invalid_parameter", "side must be bid or ask"],
    [`market_id=${MARKET.slug}&outcome=Yes&at=now`, 400, "invalid_parameter", "at must be RFC 3339"],
    [
      `market_id=${MARKET.slug}&outcome=Yes&at=9999-01-01T00:00:00Z`,
      400,
      "invalid_parameter",
      "at must not lie in the future",
    ],
    [
      `market_id=${MARKET.slug}&outcome=No`,
      404,
      "book_not_found",
      "books are kept from the begin of collecting on, and only the most active markets' are",
    ],
    [
      `market_id=${MARKET.slug}&outcome=Yes&at=1000`,
      404,
      "book_not_found",
      "at or before 1970-01-01T00:16:40.000Z",
    ],
    [
      `market_id=${MARKET.slug}&outcome=Yes&at=2026-08-23T23:59:59Z`,
      404,
      "book_not_found",
      "is kept any more.",
    ],
    ["market_id=500002&outcome=Yes", 404, "market_not_found", "No market"],
  ] as const
).map(([query, status, code, why]) => ({ path: `/v1/orderbook?${query}`, status, code, why }));
