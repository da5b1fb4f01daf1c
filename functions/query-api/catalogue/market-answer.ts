import type { Market } from "@polytape/market-model";
import { z } from "zod";
import { moment, momentOrNull } from "../http/parameters.ts";

const number = z.number().nullable();

/** A market as answers carry it. Null: the venue states none. */
export const marketAnswer = z
  .object({
    market_id: z.string().meta({ description: "Condition id: 0x and 64 hex digits." }),
    gamma_id: z.string(),
    slug: z.string(),
    title: z.string(),
    description: z.string().nullable(),
    category: z
      .string()
      .nullable()
      .meta({ description: "First match of the tags in the documented list of topics." }),
    tags: z
      .array(z.string())
      .nullable()
      .meta({ description: "null: never stated, which is not the same as none." }),
    status: z.enum(["open", "closed", "resolved"]).meta({
      description: "closed: trading ended; resolved: the winner is known.",
    }),
    created_at: moment.nullable(),
    close_time: moment.nullable().meta({ description: "When trading is due to end." }),
    outcomes: z.array(
      z.object({
        name: z.string(),
        asset_id: z.string().nullable(),
        probability: number.meta({ description: "The venue's displayed price, 0 to 1." }),
        winner: z.boolean().nullable().meta({ description: "null until the market is resolved." }),
      }),
    ),
    fees: z
      .object({
        type: z.string().nullable(),
        rate: number,
        exponent: number,
        taker_only: z.boolean().nullable(),
        rebate_rate: number,
      })
      .nullable(),
    tick_size: number,
    volume: number.meta({ description: "USDC over the market's life, as the venue states it." }),
    liquidity: number.meta({ description: "USDC resting, as the venue states it." }),
    updated_at: moment.nullable().meta({ description: "The venue's own time of the last change." }),
  })
  .meta({ id: "Market" });

export function marketAnswerOf(market: Market): z.output<typeof marketAnswer> {
  return {
    market_id: market.marketId,
    gamma_id: market.gammaId,
    slug: market.slug,
    title: market.title,
    description: market.description,
    category: market.category,
    tags: market.tags === null ? null : [...market.tags],
    status: market.status,
    created_at: momentOrNull(market.createdAtMs),
    close_time: momentOrNull(market.closeTimeMs),
    outcomes: market.outcomes.map(({ name, assetId, probability, winner }) => ({
      name,
      asset_id: assetId,
      probability,
      winner,
    })),
    fees: market.fees && {
      type: market.fees.type,
      rate: market.fees.rate,
      exponent: market.fees.exponent,
      taker_only: market.fees.takerOnly,
      rebate_rate: market.fees.rebateRate,
    },
    tick_size: market.tickSize,
    volume: market.volume,
    liquidity: market.liquidity,
    updated_at: momentOrNull(market.updatedAtMs),
  };
}
