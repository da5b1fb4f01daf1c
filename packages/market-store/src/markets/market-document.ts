import type { Market } from "@polytape/market-model";
import { z } from "zod";
import type { StoredMarket } from "../market-store.ts";

const outcomeDocument = z.object({
  name: z.string(),
  asset_id: z.string().nullable(),
  probability: z.number().nullable(),
  winner: z.boolean().nullable(),
});

const feesDocument = z.object({
  type: z.string().nullable(),
  rate: z.number().nullable(),
  exponent: z.number().nullable(),
  taker_only: z.boolean().nullable(),
  rebate_rate: z.number().nullable(),
});

/** A document of `markets_v1`. Moments are epoch milliseconds. */
export const storedMarketDocument = z.object({
  market_id: z.string(),
  gamma_id: z.string(),
  slug: z.string(),
  title: z.string(),
  description: z.string().nullable(),
  category: z.string().nullable(),
  tags: z.array(z.string()).nullable(),
  status: z.enum(["open", "closed", "resolved"]),
  created_at: z.number().nullable(),
  close_time: z.number().nullable(),
  closed_at: z.number().nullable(),
  outcomes: z.array(outcomeDocument),
  fees: feesDocument.nullable(),
  tick_size: z.number().nullable(),
  min_order_size: z.number().nullable(),
  neg_risk: z.boolean().nullable(),
  accepting_orders: z.boolean().nullable(),
  volume: z.number().nullable(),
  volume_24h: z.number().nullable(),
  liquidity: z.number().nullable(),
  updated_at: z.number().nullable(),
  observed_at: z.number(),
  ingested_at: z.number(),
});

export type StoredMarketDocument = z.output<typeof storedMarketDocument>;
export type MarketDocument = Omit<StoredMarketDocument, "observed_at" | "ingested_at">;

/** Always the same fields in the same order, so that two of them can be compared as text. */
export function marketDocument(market: Market): MarketDocument {
  return {
    market_id: market.marketId,
    gamma_id: market.gammaId,
    slug: market.slug,
    title: market.title,
    description: market.description,
    category: market.category,
    tags: market.tags && [...market.tags],
    status: market.status,
    created_at: market.createdAtMs,
    close_time: market.closeTimeMs,
    closed_at: market.closedAtMs,
    outcomes: market.outcomes.map((outcome) => ({
      name: outcome.name,
      asset_id: outcome.assetId,
      probability: outcome.probability,
      winner: outcome.winner,
    })),
    fees: market.fees && {
      type: market.fees.type,
      rate: market.fees.rate,
      exponent: market.fees.exponent,
      taker_only: market.fees.takerOnly,
      rebate_rate: market.fees.rebateRate,
    },
    tick_size: market.tickSize,
    min_order_size: market.minOrderSize,
    neg_risk: market.negRisk,
    accepting_orders: market.acceptingOrders,
    volume: market.volume,
    volume_24h: market.volume24h,
    liquidity: market.liquidity,
    updated_at: market.updatedAtMs,
  };
}

export function marketOf(document: StoredMarketDocument): StoredMarket {
  return {
    marketId: document.market_id,
    gammaId: document.gamma_id,
    slug: document.slug,
    title: document.title,
    description: document.description,
    category: document.category,
    tags: document.tags,
    status: document.status,
    createdAtMs: document.created_at,
    closeTimeMs: document.close_time,
    closedAtMs: document.closed_at,
    outcomes: document.outcomes.map((outcome) => ({
      name: outcome.name,
      assetId: outcome.asset_id,
      probability: outcome.probability,
      winner: outcome.winner,
    })),
    fees: document.fees && {
      type: document.fees.type,
      rate: document.fees.rate,
      exponent: document.fees.exponent,
      takerOnly: document.fees.taker_only,
      rebateRate: document.fees.rebate_rate,
    },
    tickSize: document.tick_size,
    minOrderSize: document.min_order_size,
    negRisk: document.neg_risk,
    acceptingOrders: document.accepting_orders,
    volume: document.volume,
    volume24h: document.volume_24h,
    liquidity: document.liquidity,
    updatedAtMs: document.updated_at,
    observedAtMs: document.observed_at,
    ingestedAtMs: document.ingested_at,
  };
}

/** Stands for "no close time" where markets are sorted by it, so that they come last. */
export const NO_CLOSE_TIME_MS = 0;
