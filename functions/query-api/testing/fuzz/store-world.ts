import {
  type EpochMs,
  HOUR_MS,
  type Market,
  MINUTE_MS,
  SECOND_MS,
  windowStart,
} from "@polytape/market-model";
import { aBook, aMarket } from "@polytape/market-model/testing";
import type { MarketStore } from "@polytape/market-store";
import { candlesOf } from "../an-api-with-candles.ts";
import { recordCoverage } from "../record-coverage.ts";
import { tradesOf } from "../store-trades.ts";

const RESOLVED: Partial<Market> = {
  marketId: `0x${"e5".repeat(32)}`,
  gammaId: "500777",
  slug: "did-it-rain",
  title: "Did it rain?",
  status: "resolved",
  outcomes: [
    { name: "Ja, ünïcode ☂", assetId: null, probability: 1, winner: true },
    { name: "1", assetId: "2002", probability: 0, winner: false },
  ],
};

/** What hostile requests know of the store: real names, so that they come past the first refusal. */
export interface World {
  readonly marketIds: readonly string[];
  readonly outcomes: readonly string[];
  /** Moments at which something lies in the store, in several spellings. */
  readonly moments: readonly string[];
  /** Start of the hour that is proven complete, and in whose first minutes everything lies. */
  readonly startMs: EpochMs;
}

/** Puts a little of everything into a store: two markets, trades, candles, books, a ledger with a gap. */
export async function storeWorld(store: MarketStore, nowMs: EpochMs): Promise<World> {
  const startMs = windowStart(nowMs, HOUR_MS) - 3 * HOUR_MS;
  const [open, resolved] = [aMarket(), aMarket(RESOLVED)];
  await store.markets.storeMarkets([open, resolved], nowMs - MINUTE_MS);
  const rows = Array.from({ length: 60 }, (_, n) => ({
    tsSeconds: startMs / SECOND_MS + n * 7,
    assetId: n % 3 === 0 ? "1002" : "1001",
    side: n % 2 === 0 ? ("buy" as const) : ("sell" as const),
    size: 1 + n / 8,
  }));
  const unknownMarket = {
    tsSeconds: startMs / SECOND_MS,
    marketId: `0x${"d4".repeat(32)}`,
    assetId: "77001",
  };
  const trades = tradesOf([...rows, unknownMarket]);
  await store.trades.createTrades(trades);
  for (const assetId of ["1001", "1002"]) {
    const own = trades.filter((trade) => trade.assetId === assetId);
    const candles = [...candlesOf(own, "1m"), ...candlesOf(own, "1h")];
    await store.candles.writeCandles(candles.map((candle) => ({ candle, rev: 0, replaces: null })));
  }
  const seen = { observedAtMs: startMs + SECOND_MS, previousSeenAtMs: null };
  await store.books.storeBooks(
    [
      { assetId: "1001", marketId: open.marketId },
      { assetId: "2002", marketId: resolved.marketId },
    ].map((of) => ({ ...aBook({ ...of, tsMs: startMs }), ...seen })),
  );
  await recordCoverage(store, at(startMs), at(startMs + HOUR_MS));
  const gap = { state: "missing", cause: "collector_down" } as const;
  await recordCoverage(store, at(startMs + HOUR_MS), at(startMs + HOUR_MS + MINUTE_MS), gap);

  return {
    startMs,
    marketIds: [
      ...[open.marketId, open.gammaId, open.slug, resolved.slug, unknownMarket.marketId],
      ...[open.marketId.toUpperCase(), `0x${"f".repeat(64)}`, "no-such-market"],
    ],
    outcomes: ["Yes", "no", "0", "1", "1001", "77001", "Ja, ünïcode ☂", "Maybe"],
    moments: [
      ...[startMs, startMs + MINUTE_MS, startMs + HOUR_MS, nowMs].map(String),
      ...[at(startMs), at(nowMs), String(startMs / SECOND_MS)],
      at(startMs).replace("Z", "+02:00"),
    ],
  };
}

function at(ms: EpochMs): string {
  return new Date(ms).toISOString();
}
