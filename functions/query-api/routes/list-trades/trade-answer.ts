import { type Market, type StoredTrade, toRfc3339, tradeTsMs } from "@polytape/market-model";
import { z } from "zod";
import { outcomeOf } from "../../catalogue/choose-outcome.ts";
import { moment } from "../../http/parameters.ts";

export const tradeAnswer = z
  .object({
    trade_id: z.string(),
    market_id: z.string(),
    asset_id: z.string(),
    outcome: z
      .string()
      .nullable()
      .meta({ description: "By asset_id from the catalogue; null: it does not know." }),
    outcome_index: z.int().nonnegative().nullable(),
    ts: moment.meta({ description: "Event time: the block's, to the second." }),
    side: z.enum(["buy", "sell"]).meta({ description: "The taker's." }),
    price: z.number().meta({ description: "USDC a share." }),
    size: z.number().meta({ description: "Shares. The venue never serves fills under 0.01." }),
    notional: z.number().meta({ description: "price × size in USDC, to the millionth." }),
    transaction_hash: z.string(),
    wallet: z.string(),
  })
  .meta({ id: "Trade" });

export function tradeAnswerOf(
  trade: StoredTrade,
  market: Market | null | undefined,
): z.output<typeof tradeAnswer> {
  const outcome = outcomeOf(market, trade.assetId);
  return {
    trade_id: trade.tradeId,
    market_id: trade.marketId,
    asset_id: trade.assetId,
    outcome: outcome?.name ?? null,
    outcome_index: outcome?.index ?? null,
    ts: toRfc3339(tradeTsMs(trade)),
    side: trade.side,
    price: trade.price,
    size: trade.size,
    notional: Math.round(trade.price * trade.size * 1_000_000) / 1_000_000,
    transaction_hash: trade.transactionHash,
    wallet: trade.wallet,
  };
}
