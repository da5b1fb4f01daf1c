import type { Candle, EpochMs } from "@polytape/market-model";
import { z } from "zod";
import type { CandleWrite, SeriesCandle, StoredCandle, StoreVersion } from "../market-store.ts";
import { storedMoment } from "../opensearch/answers.ts";
import { type ColumnHit, type NumberColumn, numbersOf, textOf } from "../opensearch/columns.ts";
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

/** What a series holds of each candle behind its time, which orders it; token and interval are known to who asks. */
export const SERIES_NUMBERS = [
  ["open", "double"],
  ["high", "double"],
  ["low", "double"],
  ["close", "double"],
  ["volume_micro", "long"],
  ["notional_micro", "long"],
  ["buy_volume_micro", "long"],
  ["sell_volume_micro", "long"],
  ["n", "integer"],
  ["rev", "integer"],
] as const satisfies readonly NumberColumn[];

const OF_SERIES = [["open_time", "date"], ...SERIES_NUMBERS] as const;
const OF_ARRIVAL = [["ingested_at", "date"]] as const satisfies readonly NumberColumn[];

/** All numbers that are stored of a candle but its time. */
export const CANDLE_NUMBERS: readonly NumberColumn[] = [...SERIES_NUMBERS, ...OF_ARRIVAL];

/** The texts that are stored of a candle but its token and interval. */
export const CANDLE_TEXTS = ["market_id", "trade_set_hash"];

type SeriesKey = Pick<Candle, "assetId" | "interval">;

const WHAT = "a candle";

/** A candle of a series, read by hand: an answer holds thousands. Throws `store_refused` for one that does not fit. */
export function seriesCandleOf(hit: ColumnHit, { assetId, interval }: SeriesKey, from = 0): SeriesCandle {
  const [openTimeMs, open, high, low, close, volume, notional, buyVolume, sellVolume, n, rev] = numbersOf(
    hit,
    OF_SERIES,
    { what: WHAT, from },
  );
  return {
    assetId,
    interval,
    openTimeMs,
    open,
    high,
    low,
    close,
    volume,
    notional,
    buyVolume,
    sellVolume,
    n,
    rev,
  };
}

/** The whole candle, with the version that guards a write, of a search that orders by token and time. */
export function candleOfHit(hit: ColumnHit, key: SeriesKey): StoredCandle {
  const { _seq_no: seqNo, _primary_term: primaryTerm } = hit;
  if (typeof seqNo !== "number" || typeof primaryTerm !== "number")
    throw storeRefused(`to be understood: ${WHAT}`, { field: "_seq_no" });
  const [ingestedAtMs] = numbersOf(hit, OF_ARRIVAL, { what: WHAT, from: 1 + OF_SERIES.length });
  return {
    ...seriesCandleOf(hit, key, 1),
    marketId: textOf(hit, "market_id", WHAT),
    tradeSetHash: textOf(hit, "trade_set_hash", WHAT),
    ingestedAtMs,
    version: { seqNo, primaryTerm },
  };
}
