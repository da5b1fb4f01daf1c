import { z } from "zod";
import { maybe, numberOrText } from "./numbers.ts";

/** A list as a real array, or (the usual case) as JSON inside a string: `"[\"Yes\", \"No\"]"`. */
const listOrJsonText = z.union([z.string(), z.array(z.union([z.string(), z.number()]))]);

export const polymarketTag = z.looseObject({ slug: z.string() });

export const polymarketFeeSchedule = z.looseObject({
  rate: maybe(numberOrText),
  exponent: maybe(numberOrText),
  takerOnly: maybe(z.boolean()),
  rebateRate: maybe(numberOrText),
});

/** The event that a market belongs to, as nested in `/markets` answers. */
export const polymarketMarketEvent = z.looseObject({ tags: maybe(z.array(polymarketTag)) });

/** A market object of Gamma: what we read of its hundred or so keys. */
export const polymarketMarket = z.looseObject({
  id: z.string(),
  conditionId: z.string(),
  slug: z.string(),
  question: z.string(),
  closed: z.boolean(),
  outcomes: listOrJsonText,
  outcomePrices: maybe(listOrJsonText),
  clobTokenIds: maybe(listOrJsonText),
  description: maybe(z.string()),
  /** RFC 3339. */
  createdAt: maybe(z.string()),
  updatedAt: maybe(z.string()),
  endDate: maybe(z.string()),
  /** Another form: `2026-07-24 00:00:16+00`. */
  closedTime: maybe(z.string()),
  /** `resolved` once settled; absent on most. */
  umaResolutionStatus: maybe(z.string()),
  feeType: maybe(z.string()),
  feeSchedule: maybe(polymarketFeeSchedule),
  orderPriceMinTickSize: maybe(numberOrText),
  orderMinSize: maybe(numberOrText),
  negRisk: maybe(z.boolean()),
  acceptingOrders: maybe(z.boolean()),
  /** Text, and as a number in `volumeNum`; AMM-era markets lack one or the other. */
  volume: maybe(numberOrText),
  volumeNum: maybe(numberOrText),
  volume24hr: maybe(numberOrText),
  liquidity: maybe(numberOrText),
  liquidityNum: maybe(numberOrText),
  /** Only with `include_tag=true`. */
  tags: maybe(z.array(polymarketTag)),
  events: maybe(z.array(polymarketMarketEvent)),
});
export type PolymarketMarket = z.infer<typeof polymarketMarket>;

/** `GET /markets/keyset`: the end is an absent `next_cursor`. Rows are read one by one, so that one bad row stays one. */
export const polymarketMarketPage = z.looseObject({
  markets: z.array(z.unknown()),
  next_cursor: maybe(z.string()),
});
export type PolymarketMarketPage = z.infer<typeof polymarketMarketPage>;

/** `GET /markets`: a bare array. */
export const polymarketMarketList = z.array(z.unknown());
