import { z } from "zod";
import { maybe, numberOrText } from "./numbers.ts";

/** A row of `GET /v2/trades`: what makes a trade. Title, outcome, name and icon change later and are left out. */
export const polymarketTrade = z.object({
  proxy_wallet: z.string(),
  side: z.enum(["BUY", "SELL"]),
  /** Decimal token id. */
  token_id: z.string(),
  condition_id: z.string(),
  /** Shares. */
  size: numberOrText,
  /** USDC per share; a taker row holds the average of its fills. */
  price: numberOrText,
  /** Seconds: the block's time. */
  timestamp: z.number(),
  transaction_hash: z.string(),
});
export type PolymarketTrade = z.infer<typeof polymarketTrade>;

/** The same row of v1's `GET /trades`. */
export const polymarketTradeV1 = z.object({
  proxyWallet: z.string(),
  side: z.enum(["BUY", "SELL"]),
  asset: z.string(),
  conditionId: z.string(),
  size: numberOrText,
  price: numberOrText,
  timestamp: z.number(),
  transactionHash: z.string(),
});
export type PolymarketTradeV1 = z.infer<typeof polymarketTradeV1>;

/** v1's `GET /trades`: a bare array, newest first. */
export const polymarketTradeListV1 = z.array(z.unknown());

/** `GET /v2/trades`. Rows are read one by one, so that one bad row stays one. */
export const polymarketTradePage = z.looseObject({
  data: z.array(z.unknown()),
  pagination: z.looseObject({
    limit: maybe(z.number()),
    has_more: maybe(z.boolean()),
    /** Signed and opaque; null on the last page. */
    next_cursor: maybe(z.string()),
  }),
});
export type PolymarketTradePage = z.infer<typeof polymarketTradePage>;

/** `GET /v2/status`: how far the serving side is behind the chain. */
export const polymarketStatus = z.looseObject({
  data: z.looseObject({
    computed_at: z.string(),
    serving: z.looseObject({ lag_seconds: z.number() }),
  }),
});
export type PolymarketStatus = z.infer<typeof polymarketStatus>;

/** An error of the v2 routes; the other hosts send only `error` (and Gamma `type`). */
export const polymarketError = z.looseObject({
  error: z.string(),
  code: maybe(z.string()),
  retryable: maybe(z.boolean()),
  retry_after_seconds: maybe(z.number()),
});
export type PolymarketError = z.infer<typeof polymarketError>;
