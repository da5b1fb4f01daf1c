import type { CandleKey } from "../market-store.ts";

/** The id of a candle's document, and its key in the answers of `findByKeys`. */
export function candleId(key: CandleKey): string {
  return `${key.assetId}|${key.interval}|${key.openTimeMs}`;
}
