import type { Candle, EpochMs } from "@polytape/market-model";
import { z } from "zod";
import type { CandleWrite, SeriesCandle, StoredCandle, StoreVersion } from "../market-store.ts";
import { storedMoment } from "../opensearch/answers.ts";
import { type ColumnHit, readColumns } from "../opensearch/columns.ts";
import { storeRefused } from "../store-errors.ts";

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

/** What a series holds of each candle; token and interval are known to who asks. */
export const SERIES_COLUMNS = [
  ...["open", "high", "low", "close", "n", "rev"].map((field) => ({ field })),
  ...["volume_micro", "notional_micro", "buy_volume_micro", "sell_volume_micro"].map((field) => ({ field })),
  { field: "open_time", format: "epoch_millis" },
];

/** All that is stored of a candle but its token and interval. */
export const CANDLE_COLUMNS = [
  ...SERIES_COLUMNS,
  { field: "market_id" },
  { field: "trade_set_hash" },
  { field: "ingested_at", format: "epoch_millis" },
];

type SeriesKey = Pick<Candle, "assetId" | "interval">;

/** A candle of a series, read by hand: an answer holds thousands. Throws `store_refused` for one that does not fit. */
export function seriesCandleOf(hit: ColumnHit, { assetId, interval }: SeriesKey): SeriesCandle {
  const { number, moment } = readColumns(hit, "a candle");
  return {
    assetId,
    interval,
    openTimeMs: moment("open_time"),
    open: number("open"),
    high: number("high"),
    low: number("low"),
    close: number("close"),
    volume: number("volume_micro"),
    notional: number("notional_micro"),
    buyVolume: number("buy_volume_micro"),
    sellVolume: number("sell_volume_micro"),
    n: number("n"),
    rev: number("rev"),
  };
}

/** The whole candle, with the version that guards a write. */
export function candleOfHit(hit: ColumnHit, key: SeriesKey): StoredCandle {
  const { text, moment } = readColumns(hit, "a candle");
  const { _seq_no: seqNo, _primary_term: primaryTerm } = hit;
  if (typeof seqNo !== "number" || typeof primaryTerm !== "number")
    throw storeRefused("to be understood: a candle", { field: "_seq_no" });
  return {
    ...seriesCandleOf(hit, key),
    marketId: text("market_id"),
    tradeSetHash: text("trade_set_hash"),
    ingestedAtMs: moment("ingested_at"),
    version: { seqNo, primaryTerm },
  };
}
