import type { BookLevel, EpochMs, ObservedBook, RejectedRecord } from "@polytape/market-model";
import { AHEAD_MS_MAX } from "../clock-drift.ts";
import { firstIssue } from "../http/read-as.ts";
import { polymarketBook } from "../wire/index.ts";
import { bookHash } from "./book-hash.ts";

const CONDITION_ID = /^0x[0-9a-f]{64}$/;
const TOKEN_ID = /^\d{1,78}$/;
const HASH = /^[0-9a-f]{40}$/;
/** 13 digits: from 2001 to 2286. */
const EPOCH_MS = /^\d{13}$/;
const DECIMAL = /^\d*\.?\d+$/;

/**
 * A book in our words: best level first, hash recomputed. A book that can be read but whose hash disagrees
 * is not rejected, it is unverified; what the caller does with it is the caller's rule.
 */
export function toBook(raw: unknown, observedAtMs: EpochMs): ObservedBook | RejectedRecord {
  const outcome = polymarketBook.safeParse(raw);
  const rejected = (reason: string): RejectedRecord => ({
    kind: "book",
    reason,
    raw,
    receivedAtMs: observedAtMs,
  });
  if (!outcome.success) return rejected(firstIssue(outcome.error));

  const wire = outcome.data;
  if (!CONDITION_ID.test(wire.market.toLowerCase())) return rejected("market: not 0x and 64 hex digits");
  if (!TOKEN_ID.test(wire.asset_id)) return rejected("asset_id: not a decimal token id");
  if (!EPOCH_MS.test(wire.timestamp)) return rejected("timestamp: not milliseconds since the epoch");
  if (Number(wire.timestamp) > observedAtMs + AHEAD_MS_MAX) return rejected("timestamp: in the future");
  if (!HASH.test(wire.hash)) return rejected("hash: not 40 hex digits");
  if (!wire.bids.every(isLevel))
    return rejected("bids: a level without a price in (0, 1) and a size above 0");
  if (!wire.asks.every(isLevel))
    return rejected("asks: a level without a price in (0, 1) and a size above 0");
  return {
    marketId: wire.market.toLowerCase(),
    assetId: wire.asset_id,
    tsMs: Number(wire.timestamp),
    // Sorted, not turned around: the official text says the opposite order, and may become true.
    bids: [...wire.bids].sort((a, b) => Number(b.price) - Number(a.price)),
    asks: [...wire.asks].sort((a, b) => Number(a.price) - Number(b.price)),
    hash: wire.hash,
    verified: bookHash(wire) === wire.hash,
    tickSize: wire.tick_size || null,
    minOrderSize: wire.min_order_size || null,
    negRisk: wire.neg_risk ?? null,
    lastTradePrice: wire.last_trade_price || null,
    observedAtMs,
  };
}

function isLevel({ price, size }: BookLevel): boolean {
  if (!DECIMAL.test(price) || !DECIMAL.test(size)) return false;
  return Number(price) > 0 && Number(price) < 1 && Number(size) > 0;
}
