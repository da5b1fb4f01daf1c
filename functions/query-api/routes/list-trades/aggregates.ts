import { DAY_MS, type EpochMs, fromMillionths } from "@polytape/market-model";
import type { TradeAggregate } from "@polytape/market-store";
import { z } from "zod";
import { refusal } from "../../http/api-error.ts";

const AGGREGATES = ["volume", "vwap", "notional", "n"] as const;
type AggregateName = (typeof AGGREGATES)[number];

/** The longest question over all markets that is added up. */
const ALL_MARKETS_DAYS_MAX = 7;

export const aggregatesParameter = z
  .string()
  .transform((text, context): AggregateName[] => {
    const names = text.split(",");
    const known = names.filter((name): name is AggregateName => AGGREGATES.some((each) => each === name));
    if (known.length === names.length && new Set(names).size === names.length) return known;
    context.issues.push({
      code: "custom",
      message: `must be some of ${AGGREGATES.join(", ")}, each once, separated by commas`,
      input: text,
    });
    return z.NEVER;
  })
  .optional()
  .meta({
    description: `Sums over the whole question, not the page: ${AGGREGATES.join(", ")}, separated by commas. vwap needs an outcome, because prices are per outcome. Without market_id the question may span ${ALL_MARKETS_DAYS_MAX} days.`,
    examples: ["volume,vwap"],
  });

export const aggregatesAnswer = z
  .object({
    volume: z.number().optional().meta({ description: "Shares." }),
    vwap: z
      .number()
      .nullable()
      .optional()
      .meta({ description: "notional / volume of one outcome; null without trades." }),
    notional: z.number().optional().meta({ description: "USDC: the sum of price × size." }),
    n: z.int().nonnegative().optional().meta({ description: "Number of trades." }),
  })
  .meta({ id: "TradeAggregates", description: "Only what was asked for." });

/** Yes at 0.9 and No at 0.1 have no price together: throws `invalid_parameter`. */
export function requireOneOutcome(query: {
  outcome?: string | undefined;
  aggregates?: readonly AggregateName[] | undefined;
}): void {
  if (query.outcome !== undefined || !query.aggregates?.includes("vwap")) return;
  throw refusal(
    "invalid_parameter",
    "aggregates=vwap needs an outcome, because prices are per outcome and never mixed: give one by market_id and outcome, or ask for volume, notional and n alone.",
  );
}

/** Adding up a whole quarter of all markets would cost everybody: throws `range_too_wide`. */
export function requireBoundedSum(
  query: {
    market_id?: string | undefined;
    from?: EpochMs | undefined;
    to?: EpochMs | undefined;
  },
  nowMs: EpochMs,
): void {
  if (query.market_id !== undefined) return;
  const spanMs = query.from === undefined ? Infinity : (query.to ?? nowMs) - query.from;
  if (spanMs <= ALL_MARKETS_DAYS_MAX * DAY_MS) return;
  throw refusal(
    "range_too_wide",
    `aggregates over all markets span ${ALL_MARKETS_DAYS_MAX} days at most: give from and to, or a market_id.`,
  );
}

export function aggregatesAnswerOf(
  names: readonly AggregateName[],
  { n, volume, notional }: TradeAggregate,
): z.output<typeof aggregatesAnswer> {
  const all: Required<z.output<typeof aggregatesAnswer>> = {
    volume: fromMillionths(volume),
    vwap: volume === 0 ? null : notional / volume,
    notional: fromMillionths(notional),
    n,
  };
  return Object.fromEntries(names.map((name) => [name, all[name]]));
}
