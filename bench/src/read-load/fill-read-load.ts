import {
  type CoverageInterval,
  type CoverageStream,
  DAY_MS,
  type EpochMs,
  HOUR_MS,
  type Trade,
} from "@polytape/market-model";
import { indexNames, openMarketStore } from "@polytape/market-store";
import type { BenchGround } from "../bench-ground.ts";
import { booksOf } from "../candles-and-books.ts";
import { candlesOfTrades } from "../candles-of-trades.ts";
import { bulkBodies, DOCUMENTS_AT_ONCE, sendBodies } from "../raw-bulk.ts";
import { waitForMerges } from "../wait-for-merges.ts";
import {
  assetId,
  marketId,
  marketOf,
  tradeDocument,
  tradeOfDay,
  tradesOfEachMinute,
} from "../week-of-trades.ts";

export const MARKETS = 2_000;
/** A month, so that its 1h candles can be asked for. */
export const DAYS = 30;
/** Asked for in turn: about three of ten trades are theirs, and their first outcomes have candles and books. */
export const ASKED_MARKETS = [1, 2, 3, 4, 5, 6, 7, 8] as const;
const MARKETS_AT_ONCE = 500;
/** More than are kept: a question without a start is about all that is. */
const KEPT_DAYS = 100;
/** Days of the asked markets that were read again by themselves, as checks and backfills do. */
const DAYS_READ_AGAIN = 14;

export interface FilledMonth {
  readonly fromMs: EpochMs;
  /** The last whole day: every asked token has a trade in every minute of it. */
  readonly dayMs: EpochMs;
  readonly toMs: EpochMs;
}

/**
 * A month of trades of many markets, the candles of the asked tokens (all their trades, all intervals), their
 * books, the catalogue, and a ledger that calls everything up to tomorrow complete: so answers are whole, and
 * nothing in them is pending.
 */
export async function fillReadLoad(ground: BenchGround, trades: number): Promise<FilledMonth> {
  const startedMs = performance.now();
  const toMs = Math.floor(ground.worldEndMs / DAY_MS) * DAY_MS;
  const month = { fromMs: toMs - DAYS * DAY_MS, dayMs: toMs - DAY_MS, toMs };
  await storeCatalogue(ground, toMs);
  for (let dayMs = month.fromMs; dayMs < toMs; dayMs += DAY_MS) {
    const added =
      dayMs === month.dayMs ? ASKED_MARKETS.flatMap((market) => tradesOfEachMinute(market, 0, dayMs)) : [];
    await storeDay(ground, { dayMs, trades: Math.ceil(trades / DAYS), added });
  }
  for (const market of ASKED_MARKETS) await ground.store.books.storeBooks(booksOf(market, toMs));
  await recordCompleteness(ground, toMs - KEPT_DAYS * DAY_MS);
  const names = indexNames();
  const indices = [names.tradesPattern, names.candles, names.books, names.markets, names.coverage];
  await ground.server.request({ method: "POST", path: `/${indices.join(",")}/_refresh` });
  await waitForMerges(ground);
  const seconds = ((performance.now() - startedMs) / 1_000).toFixed(0);
  ground.tell(
    `  ${trades.toLocaleString("en-US")} trades of ${MARKETS} markets filled in within ${seconds} s`,
  );
  return month;
}

async function storeCatalogue({ store }: BenchGround, nowMs: EpochMs): Promise<void> {
  for (let from = 0; from < MARKETS; from += MARKETS_AT_ONCE) {
    const some = Array.from({ length: MARKETS_AT_ONCE }, (_, place) => marketOf(1 + from + place, nowMs));
    await store.markets.storeMarkets(some, nowMs);
  }
}

/** The trades by bulk, as they are made; those of the asked tokens are kept until their candles are written. */
async function storeDay(
  ground: BenchGround,
  { dayMs, trades, added }: { dayMs: EpochMs; trades: number; added: readonly Trade[] },
): Promise<void> {
  const index = indexNames().tradesOfDay(dayMs);
  const plan = { trades, markets: MARKETS, lengthMs: DAY_MS };
  const asked = new Set<string>(ASKED_MARKETS.map((market) => assetId(market, 0)));
  const kept = [...added];
  function* bodies(): Generator<Buffer> {
    yield* bulkBodies(index, added.map(tradeDocument));
    for (let from = 0; from < trades; from += DOCUMENTS_AT_ONCE) {
      const length = Math.min(DOCUMENTS_AT_ONCE, trades - from);
      const some = Array.from({ length }, (_, place) => tradeOfDay(dayMs, from + place, plan));
      kept.push(...some.filter((trade) => asked.has(trade.assetId)));
      yield* bulkBodies(index, some.map(tradeDocument));
    }
  }
  await sendBodies(ground, bodies());
  await ground.store.candles.writeCandles(candlesOfTrades(kept));
}

/**
 * As a real ledger looks: about all trades a statement each hour, made in that hour (those of one hour are joined), about
 * the other streams one a day, and some about single markets that were read again.
 */
async function recordCompleteness({ stack }: BenchGround, fromMs: EpochMs): Promise<void> {
  const toMs = Math.floor(Date.now() / DAY_MS) * DAY_MS + 2 * DAY_MS;
  const clock = { nowMs: fromMs };
  const settings = { urls: [stack.urls.openSearch], timeoutMs: 60_000 };
  const { coverage, close } = openMarketStore(settings, { now: () => clock.nowMs });
  for (let dayMs = fromMs; dayMs < toMs; dayMs += DAY_MS) {
    for (let hourMs = dayMs; hourMs < dayMs + DAY_MS; hourMs += HOUR_MS) {
      clock.nowMs = hourMs + HOUR_MS;
      await coverage.recordIntervals([complete("trades", null, hourMs, HOUR_MS)]);
    }
    const again = toMs - dayMs <= DAYS_READ_AGAIN * DAY_MS ? ASKED_MARKETS : [];
    await coverage.recordIntervals([
      ...(["books", "markets"] as const).map((stream) => complete(stream, null, dayMs, DAY_MS)),
      ...again.map((market) => complete("trades", marketId(market), dayMs, DAY_MS)),
    ]);
  }
  await close();
}

function complete(
  stream: CoverageStream,
  market: string | null,
  fromMs: EpochMs,
  lengthMs: number,
): CoverageInterval {
  const evidence = {
    walk_id: `settle-${fromMs}`,
    pages: 37,
    rows: 36_512,
    upstream_lag_s: 4,
    overlap_rows: 12,
  };
  const range = { fromMs, toMs: fromMs + lengthMs };
  return { stream, marketId: market, assetId: null, ...range, state: "complete", cause: null, evidence };
}
