import type { Candle, EpochMs } from "@polytape/market-model";
import { z } from "zod";
import type { CandleWrite, StoredCandle, StoreVersion } from "../market-store.ts";
import { storedMoment } from "../opensearch/answers.ts";

/** A document of `candles_v1-…`. Volumes and notional in millionths. */
export const candleDocument = z.object({
  market_id: z.string(),
  asset_id: z.string(),
  interval: z.enum(["1m", "5m", "1h"]),
  open_time: storedMoment,
  open: z.number(),
  high: z.number(),
  low: z.number(),
  close: z.number(),
  volume_micro: z.int(),
  notional_micro: z.int(),
  buy_volume_micro: z.int(),
  sell_volume_micro: z.int(),
  n: z.int(),
  trade_set_hash: z.string(),
  rev: z.int(),
  ingested_at: storedMoment,
});

export function candleSource({ candle, rev }: CandleWrite, ingestedAtMs: EpochMs): string {
  const document: z.input<typeof candleDocument> = {
    market_id: candle.marketId,
    asset_id: candle.assetId,
    interval: candle.interval,
    open_time: candle.openTimeMs,
    open: candle.open,
    high: candle.high,
    low: candle.low,
    close: candle.close,
    volume_micro: candle.volume,
    notional_micro: candle.notional,
    buy_volume_micro: candle.buyVolume,
    sell_volume_micro: candle.sellVolume,
    n: candle.n,
    trade_set_hash: candle.tradeSetHash,
    rev,
    ingested_at: ingestedAtMs,
  };
  return JSON.stringify(document);
}

export function candleOf(document: z.output<typeof candleDocument>, version: StoreVersion): StoredCandle {
  const candle: Candle = {
    marketId: document.market_id,
    assetId: document.asset_id,
    interval: document.interval,
    openTimeMs: document.open_time,
    open: document.open,
    high: document.high,
    low: document.low,
    close: document.close,
    volume: document.volume_micro,
    notional: document.notional_micro,
    buyVolume: document.buy_volume_micro,
    sellVolume: document.sell_volume_micro,
    n: document.n,
    tradeSetHash: document.trade_set_hash,
  };
  return { ...candle, rev: document.rev, ingestedAtMs: document.ingested_at, version };
}
