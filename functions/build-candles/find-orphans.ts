import { CANDLE_INTERVALS, MINUTE_MS, tradeTsMs } from "@polytape/market-model";
import { type CandleKey, type CandleKeysQuery, candleId, type MarketStore } from "@polytape/market-store";
import { windowsAround } from "./touched-windows.ts";

/** Keys read at once. */
const KEYS_AT_ONCE = 5_000;

/**
 * Stored candles of a range of time and tokens whose window has no trades, given the minutes that have some.
 * A minute may have got its first trades after it was looked for, so each suspect is looked up once more.
 */
export async function findOrphans(
  store: Pick<MarketStore, "trades" | "candles">,
  range: Omit<CandleKeysQuery, "limit" | "after">,
  minutes: readonly CandleKey[],
): Promise<CandleKey[]> {
  const known = new Set(windowIdsOf(minutes));
  const orphans: CandleKey[] = [];
  let after: CandleKey | undefined;
  for (;;) {
    const page: CandleKey[] = await store.candles.listKeys({ ...range, after, limit: KEYS_AT_ONCE });
    const suspects = page.filter((key) => !known.has(candleId(key)));
    for (const orphan of await withoutTrades(store, range, suspects)) orphans.push(orphan);
    after = page.at(-1);
    if (page.length < KEYS_AT_ONCE) return orphans;
  }
}

/** A new trade belongs to one of these minutes, or to none of the suspects. */
async function withoutTrades(
  store: Pick<MarketStore, "trades">,
  { fromMs, toMs }: { fromMs: number; toMs: number },
  suspects: readonly CandleKey[],
): Promise<CandleKey[]> {
  if (suspects.length === 0) return [];
  const assetIds = [...new Set(suspects.map(({ assetId }) => assetId))];
  const trades = await store.trades.readMinutes(
    assetIds.flatMap((assetId) =>
      Array.from({ length: (toMs - fromMs) / MINUTE_MS }, (_, minute) => ({
        assetId,
        openTimeMs: fromMs + minute * MINUTE_MS,
      })),
    ),
  );
  const traded = trades.map((trade) => ({
    assetId: trade.assetId,
    interval: "1m" as const,
    openTimeMs: tradeTsMs(trade),
  }));
  const known = new Set(windowIdsOf(traded));
  return suspects.filter((key) => !known.has(candleId(key)));
}

/** Ids of all windows, of every interval, that hold the moments. */
function windowIdsOf(moments: readonly CandleKey[]): string[] {
  return CANDLE_INTERVALS.flatMap((interval) => windowsAround(moments, interval).map(candleId));
}
