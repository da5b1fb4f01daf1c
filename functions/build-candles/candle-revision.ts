import { CANDLE_INTERVAL_MS, type Candle, type EpochMs } from "@polytape/market-model";
import type { CandleWrite, StoredCandle } from "@polytape/market-store";

/**
 * What to write, given the candle computed from the trades and the one that is stored; null when both came
 * from the same trades. The revision is raised only when a window changes that readers took for final:
 * while a window is still filling or settling, changes are what everybody expects. (design 7.3)
 */
export function reviseCandle(
  fresh: Candle,
  stored: StoredCandle | undefined,
  clock: { readonly nowMs: EpochMs; readonly settleMs: number },
): CandleWrite | null {
  if (!stored) return { candle: fresh, rev: 0, replaces: null };
  if (stored.tradeSetHash === fresh.tradeSetHash) return null;
  const closedMs = fresh.openTimeMs + CANDLE_INTERVAL_MS[fresh.interval];
  const hasSettled = closedMs + clock.settleMs < clock.nowMs;
  return { candle: fresh, rev: hasSettled ? stored.rev + 1 : stored.rev, replaces: stored.version };
}
