import type { GammaObject } from "../gamma/market-object.ts";
import { unit } from "./random.ts";
import type { WorldTrade } from "./trade-blocks.ts";
import { PURPOSE } from "./world-settings.ts";

/** How a bad record is bad. */
export const TRADE_FLAWS = [
  "transaction_hash missing",
  "side unknown",
  "size negative",
  "price above one",
  "condition_id not hexadecimal",
  "timestamp in words",
  "size null",
] as const;
export type TradeFlaw = (typeof TRADE_FLAWS)[number];

export const MARKET_FLAWS = [
  "outcomes not JSON",
  "conditionId missing",
  "clobTokenIds fewer than outcomes",
  "id a number",
  "updatedAt in words",
] as const;
export type MarketFlaw = (typeof MARKET_FLAWS)[number];

/** A change to the world itself (not to answers): it holds for the blocks of a stretch of time. */
export interface Disturbance {
  readonly kind: "late-trades" | "equal-rows" | "malformed-rows";
  readonly fromMs: number;
  /** Infinity while it lasts. */
  readonly toMs: number;
  /** Share of rows (or settlements, or markets) that are hit, 0 to 1. */
  readonly share: number;
  /** For late trades: how much later than the others of their block they appear. */
  readonly delayMs: number;
}

/**
 * The disturbances of a world so far. They are kept after they end, because the blocks they hit stay as they
 * are: what was served once is served the same again.
 */
export interface Disturbances {
  begin(disturbance: Omit<Disturbance, "toMs">): void;
  end(kind: Disturbance["kind"], atMs: number): void;
  /** Grows with every change: whoever keeps something derived from blocks must make it anew. */
  version(): number;
  latenessMs(trade: WorldTrade): number;
  equalRowsShare(timestamp: number, otherwise: number): number;
  tradeFlaw(trade: WorldTrade): TradeFlaw | null;
  marketFlaw(market: number, nowMs: number): MarketFlaw | null;
  spoilMarket(market: number, nowMs: number, object: GammaObject): GammaObject;
}

export function recordDisturbances(seed: number): Disturbances {
  let all: Disturbance[] = [];
  let version = 0;

  /** The last begun that holds at the moment. */
  const at = (kind: Disturbance["kind"], atMs: number) =>
    all.findLast((one) => one.kind === kind && one.fromMs <= atMs && atMs < one.toMs);

  function flawedAt<Flaw>(flaws: readonly Flaw[], share: number, a: number, b: number): Flaw | null {
    if (unit(seed, PURPOSE.flaw, a, b) >= share) return null;
    return flaws[Math.floor(unit(seed, PURPOSE.flaw + 1_000, a, b) * flaws.length)] ?? null;
  }

  const marketFlaw = (market: number, nowMs: number) =>
    flawedAt(MARKET_FLAWS, at("malformed-rows", nowMs)?.share ?? 0, market, PURPOSE.marketFlaw);

  return {
    begin(disturbance) {
      all.push({ ...disturbance, toMs: Number.POSITIVE_INFINITY });
      version++;
    },
    end(kind, atMs) {
      all = all.map((one) => (one.kind === kind && one.toMs > atMs ? { ...one, toMs: atMs } : one));
      version++;
    },
    version: () => version,
    latenessMs(trade) {
      if (all.length === 0) return 0;
      const late = at("late-trades", trade.timestamp * 1_000);
      // A settlement's rows arrive together.
      return late && unit(seed, PURPOSE.lateness, trade.timestamp, trade.settlement) < late.share
        ? late.delayMs
        : 0;
    },
    equalRowsShare: (timestamp, otherwise) => at("equal-rows", timestamp * 1_000)?.share ?? otherwise,
    tradeFlaw(trade) {
      if (all.length === 0) return null;
      const share = at("malformed-rows", trade.timestamp * 1_000)?.share ?? 0;
      return share === 0 ? null : flawedAt(TRADE_FLAWS, share, trade.timestamp, trade.place);
    },
    marketFlaw,
    spoilMarket(market, nowMs, object) {
      const flaw = all.length === 0 ? null : marketFlaw(market, nowMs);
      return flaw ? spoiltMarket(object, flaw) : object;
    },
  };
}

function spoiltMarket(object: GammaObject, flaw: MarketFlaw): GammaObject {
  switch (flaw) {
    case "outcomes not JSON":
      return { ...object, outcomes: '["Yes", "No"' };
    case "conditionId missing": {
      const { conditionId: _, ...rest } = object;
      return rest;
    }
    case "clobTokenIds fewer than outcomes":
      return { ...object, clobTokenIds: '["1"]' };
    case "id a number":
      return { ...object, id: Number(object["id"]) };
    case "updatedAt in words":
      return { ...object, updatedAt: "yesterday" };
  }
}

/** A trade row of either version as bad as its flaw says. */
export function spoilTrade(row: Record<string, unknown>, flaw: TradeFlaw): Record<string, unknown> {
  const hashKey = "transaction_hash" in row ? "transaction_hash" : "transactionHash";
  const conditionKey = "condition_id" in row ? "condition_id" : "conditionId";
  switch (flaw) {
    case "transaction_hash missing":
      return Object.fromEntries(Object.entries(row).filter(([key]) => key !== hashKey));
    case "side unknown":
      return { ...row, side: "HOLD" };
    case "size negative":
      return { ...row, size: -1 };
    case "price above one":
      return { ...row, price: 1.7 };
    case "condition_id not hexadecimal":
      return { ...row, [conditionKey]: "0xnothex" };
    case "timestamp in words":
      return { ...row, timestamp: "noon" };
    case "size null":
      return { ...row, size: null };
  }
}
