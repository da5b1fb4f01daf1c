import type { TradesStoredMessage } from "@polytape/event-bus";
import { CANDLE_INTERVAL_MS, type CandleInterval, MINUTE_MS, windowStart } from "@polytape/market-model";
import { type CandleKey, candleId } from "@polytape/market-store";

/** The 1m windows that the messages name, each once, a token's together and oldest first. */
export function touchedMinutes(messages: readonly TradesStoredMessage[]): CandleKey[] {
  const keys = messages.flatMap(({ windows }) =>
    windows.flatMap(({ asset_id, minutes_ms }) =>
      minutes_ms.map((minuteMs) => keyAt(asset_id, "1m", windowStart(minuteMs, MINUTE_MS))),
    ),
  );
  return onceEach(keys).sort(byTokenAndTime);
}

/** The windows of an interval that hold the starts of shorter ones, each once. */
export function windowsAround(minutes: readonly CandleKey[], interval: CandleInterval): CandleKey[] {
  const lengthMs = CANDLE_INTERVAL_MS[interval];
  return onceEach(
    minutes.map(({ assetId, openTimeMs }) => keyAt(assetId, interval, windowStart(openTimeMs, lengthMs))),
  );
}

function keyAt(assetId: string, interval: CandleInterval, openTimeMs: number): CandleKey {
  return { assetId, interval, openTimeMs };
}

function onceEach(keys: readonly CandleKey[]): CandleKey[] {
  return [...new Map(keys.map((key) => [candleId(key), key])).values()];
}

function byTokenAndTime(a: CandleKey, b: CandleKey): number {
  if (a.assetId !== b.assetId) return a.assetId < b.assetId ? -1 : 1;
  return a.openTimeMs - b.openTimeMs;
}
