import type { TouchedWindow } from "@polytape/event-bus";

const WINDOWS_A_MESSAGE = 400;

/** Touched windows as the messages that build-candles gets. */
export function candleMessages(windows: readonly TouchedWindow[]): unknown[] {
  return Array.from({ length: Math.ceil(windows.length / WINDOWS_A_MESSAGE) }, (_, place) => ({
    windows: windows.slice(place * WINDOWS_A_MESSAGE, (place + 1) * WINDOWS_A_MESSAGE).map((window) => ({
      market_id: window.marketId,
      asset_id: window.assetId,
      minutes_ms: window.minutesMs,
    })),
  }));
}
