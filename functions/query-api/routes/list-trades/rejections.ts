import { aMarket } from "@polytape/market-model/testing";
import type { Rejection } from "../../testing/rejection.ts";

const MARKET = aMarket();

/** Of a store that holds the market of the tests. */
export const rejections: readonly Rejection[] = (
  [
    ["limit=0", "limit must be a whole number from 1 to 1000"],
    ["limit=1001", "limit must be a whole number from 1 to 1000"],
    ["limit=05", "limit must have no leading zeros."],
    ["page=007", "page must have no leading zeros."],
    ["limit=ten", "limit must be"],
    ["limit=", "limit must be"],
    ["limit=5&limit=6", "limit is given twice"],
    ["page=0", "page must be"],
    ["side=hold", "side must be buy or sell"],
    ["sort=price:asc", "sort must be ts:asc or ts:desc"],
    ["from=yesterday", "from must be RFC 3339"],
    ["from=2026-02-30T00:00:00Z", "from must be RFC 3339"],
    ["from=2026-11-22T10:00:00", "from must be RFC 3339"],
    ["from=-5", "from must be RFC 3339"],
    ["from=2026-11-22T10:00:00+01:00", "write + as %2B"],
    ["from=20&to=10", "from must lie before to"],
    ["market_id=a/b", "market_id must be a condition id"],
    ["outcome=Yes", "outcome needs a market_id"],
    ["aggregates=median", "aggregates must be some of"],
    ["aggregates=volume,volume", "each once"],
    ["aggregates=vwap", "aggregates=vwap needs an outcome"],
    [`market_id=${MARKET.slug}&aggregates=volume,vwap`, "give one by market_id and outcome"],
    ["form=2026-11-22T10:00:00Z", 'no parameter "form"'],
    ["__proto__=1", 'no parameter "__proto__"'],
    ["limit[a]=1", "no parameter"],
  ] as const
).map(([query, why]) => ({ path: `/v1/trades?${query}`, status: 400, code: "invalid_parameter", why }));
