import { type CoverageStretch, DAY_MS, type EpochMs } from "@polytape/market-model";
import type { MarketStore, StoredMarket } from "@polytape/market-store";
import type { Anomaly } from "./check-state.ts";
import { firstDrawn } from "./choose-markets.ts";
import { CHECKED_ROW_SET } from "./reread-market.ts";
import { NO_MARKET } from "./verdict.ts";

type Store = Pick<MarketStore, "trades" | "markets" | "coverage">;

/** Days before that a day is compared with, and how many of them must be complete. */
const NEIGHBOURS = 7;
const NEIGHBOURS_MIN = 3;
/** Ended markets that are looked through, and that are compared with the venue's volume. */
const ENDED_MAX = 500;
const COMPARED_MAX = 20;
/** Days that one question to the ledger may span. */
const LIFE_DAYS_MAX = 399;
/** What was traded for less says nothing, millionths of USDC. */
const NOTIONAL_MIN = 1_000_000_000;
const MILLION = 1_000_000;

/**
 * Less than half or more than twice the rows of an ordinary day: the median of the complete ones among the
 * seven before. No gap, only a reason to look.
 */
export async function compareWithNeighbours(store: Store, dayMs: EpochMs): Promise<Anomaly[]> {
  if (!(await isComplete(store, NO_MARKET, { fromMs: dayMs, toMs: dayMs + DAY_MS }))) return [];
  const counts: number[] = [];
  for (let before = 1; before <= NEIGHBOURS; before += 1) {
    const fromMs = dayMs - before * DAY_MS;
    if (await isComplete(store, NO_MARKET, { fromMs, toMs: fromMs + DAY_MS }))
      counts.push(await countDay(store, fromMs));
  }
  if (counts.length < NEIGHBOURS_MIN) return [];
  const expected = counts.sort((a, b) => a - b)[Math.floor(counts.length / 2)] ?? 0;
  const found = await countDay(store, dayMs);
  const isOrdinary = found * 2 >= expected && found <= expected * 2;
  return isOrdinary ? [] : [{ kind: "day_count", market: null, expected, found }];
}

async function countDay({ trades }: Store, dayMs: EpochMs): Promise<number> {
  const day = { rowSet: CHECKED_ROW_SET, fromMs: dayMs, toMs: dayMs + DAY_MS };
  return (await trades.aggregateTrades(day)).n;
}

/**
 * The venue's volume of markets that ended on the day and whose whole life the ledger calls complete. The
 * venue does not say what it counts (USDC or shares, one side or both), so everything from half our USDC to
 * twice our shares may be it; what lies outside by more than `ratioMax` is an anomaly, never a gap.
 */
export async function compareWithVenue(store: Store, dayMs: EpochMs, ratioMax: number): Promise<Anomaly[]> {
  const anomalies: Anomaly[] = [];
  const ended = await endedMarkets(store, dayMs);
  const drawn = firstDrawn([...ended.keys()], dayMs, COMPARED_MAX);
  for (const marketId of drawn) {
    const market = ended.get(marketId);
    if (!market || !(await isComplete(store, marketId, market))) continue;
    const { volume, notional } = await store.trades.aggregateTrades({ marketId, rowSet: CHECKED_ROW_SET });
    const isPlausible =
      market.volume * MILLION * ratioMax >= Math.min(notional, volume) &&
      market.volume * MILLION <= Math.max(notional, volume) * ratioMax;
    const isSmall = Math.max(notional, market.volume * MILLION) < NOTIONAL_MIN;
    if (isPlausible || isSmall) continue;
    anomalies.push({
      kind: "gamma_volume",
      market: marketId,
      expected: market.volume,
      found: notional / MILLION,
    });
  }
  return anomalies;
}

interface Life {
  readonly fromMs: EpochMs;
  readonly toMs: EpochMs;
  /** USDC, as the venue states it. */
  readonly volume: number;
}

async function endedMarkets({ markets }: Store, dayMs: EpochMs): Promise<Map<string, Life>> {
  const due = { closeFromMs: dayMs, closeToMs: dayMs + DAY_MS, limit: ENDED_MAX };
  const found = await Promise.all([
    markets.searchMarkets({ ...due, status: "closed" }),
    markets.searchMarkets({ ...due, status: "resolved" }),
  ]);
  return new Map(
    found
      .flatMap((page) => page.markets)
      .flatMap((market) => {
        const life = lifeOf(market);
        return life ? [[market.marketId, life] as const] : [];
      }),
  );
}

/** From creation to the last moment in which it may have been traded; null when that is not known. */
function lifeOf({ createdAtMs, closedAtMs, closeTimeMs, volume }: StoredMarket): Life | null {
  const toMs = closedAtMs ?? closeTimeMs;
  if (createdAtMs === null || toMs === null || volume === null) return null;
  const isBounded = toMs > createdAtMs && toMs - createdAtMs < LIFE_DAYS_MAX * DAY_MS;
  return isBounded ? { fromMs: createdAtMs, toMs, volume } : null;
}

async function isComplete(
  { coverage }: Store,
  marketId: string,
  { fromMs, toMs }: { fromMs: EpochMs; toMs: EpochMs },
): Promise<boolean> {
  const timeline: CoverageStretch[] = await coverage.readTimeline({
    stream: "trades",
    marketId,
    fromMs,
    toMs,
  });
  return timeline.every(({ state }) => state === "complete");
}
