import { withReport } from "@polytape/function-runtime";
import {
  CANDLE_INTERVAL_MS,
  type Candle,
  type CandleInterval,
  foldTrades,
  hasCode,
  MINUTE_MS,
  mergeCandles,
  PolytapeError,
  type Trade,
  tradeTsMs,
  windowStart,
} from "@polytape/market-model";
import { type CandleKey, candleId, type MarketStore } from "@polytape/market-store";
import { type RebuiltWindows, rebuildWindows } from "./rebuild-windows.ts";
import { windowsAround } from "./touched-windows.ts";

export interface BuildCandlesDeps {
  readonly store: Pick<MarketStore, "trades" | "candles">;
  /** 1m is always built: the longer ones are merged from it. */
  readonly intervals: readonly CandleInterval[];
  readonly settleMs: number;
  now(): number;
  readonly signal: AbortSignal;
}

export interface BuiltWindows extends RebuiltWindows {
  /** Ids of 1m windows with amounts beyond exact sums; these, and what is merged from them, keep what they had. */
  tooLarge: string[];
}

/** 1m windows whose trades are read at once: bounds memory and the size of requests. */
const FOLD_MINUTES_AT_ONCE = 1_000;
/** 1m windows in what is merged at once; few of them have a candle. */
const MERGE_MINUTES_AT_ONCE = 30_000;

/**
 * Makes the candles of 1m windows from all their stored trades, and those of the longer windows around them
 * from all 1m candles. Never makes a candle of a window without trades.
 * Throws `out_of_time` between two steps, and what the store throws.
 */
export async function buildWindows(
  deps: BuildCandlesDeps,
  minutes: readonly CandleKey[],
): Promise<BuiltWindows> {
  const tooLarge = new Set<string>();
  const total: RebuiltWindows = { written: 0, created: 0, revised: 0, unchanged: 0, empty: 0, conflicts: 0 };
  const build = async (
    windows: readonly CandleKey[],
    compute: (keys: readonly CandleKey[]) => Promise<Candle[]>,
  ) => {
    checkTime(deps.signal);
    addTo(total, await rebuildWindows(deps.store.candles, windows, compute, deps));
  };

  try {
    for (const chunk of chunksOf(minutes, FOLD_MINUTES_AT_ONCE))
      await build(chunk, (keys) => foldMinutes(deps.store, keys, tooLarge));

    const unfolded = minutes.filter((minute) => tooLarge.has(candleId(minute)));
    for (const windows of longerWindows(minutes, unfolded, deps.intervals))
      await build(windows, (keys) => mergeMinutes(deps.store.candles, keys));
  } catch (error) {
    throw withReport(error, { ...total });
  }
  return { ...total, tooLarge: [...tooLarge] };
}

/**
 * The windows of all longer intervals around the minutes, without those that hold an unfolded one, in chunks;
 * a window and the shorter ones in it come together, so that their minutes are read once.
 */
function longerWindows(
  minutes: readonly CandleKey[],
  unfolded: readonly CandleKey[],
  intervals: readonly CandleInterval[],
): CandleKey[][] {
  const longer = intervals.filter((interval) => interval !== "1m");
  const longest = longestOf(longer);
  if (!longest) return [];
  const skipped = new Set(longer.flatMap((interval) => windowsAround(unfolded, interval).map(candleId)));
  const together = [...groupBy(minutes, (minute) => idOfWindow(minute, longest)).values()];
  const atOnce = MERGE_MINUTES_AT_ONCE / (CANDLE_INTERVAL_MS[longest] / MINUTE_MS);
  return chunksOf(together, atOnce).map((chunk) =>
    longer
      .flatMap((interval) => windowsAround(chunk.flat(), interval))
      .filter((window) => !skipped.has(candleId(window))),
  );
}

/** One 1m candle per window that has trades. What can't be summed exactly is set aside, the others stand. */
async function foldMinutes(
  store: BuildCandlesDeps["store"],
  minutes: readonly CandleKey[],
  tooLarge: Set<string>,
): Promise<Candle[]> {
  const trades = await store.trades.readMinutes(minutes);
  return [...groupBy(trades, minuteIdOf)].flatMap(([id, ofMinute]) => {
    try {
      return [foldTrades(ofMinute)];
    } catch (error) {
      if (!hasCode(error, "amount_too_large")) throw error;
      tooLarge.add(id);
      return [];
    }
  });
}

/**
 * One longer candle per window that has 1m candles, whoever wrote them.
 *
 * A minute that another run writes meanwhile can't be lost. The caller has read the versions of the longer
 * candles; only then the refresh shows every minute acknowledged before it. A minute acknowledged later
 * belongs to a run that reads those versions after that minute, so after this run did: whichever of the two
 * writes the longer candle second meets the other's version, conflicts, and reads all minutes again.
 */
async function mergeMinutes(
  candles: MarketStore["candles"],
  windows: readonly CandleKey[],
): Promise<Candle[]> {
  const intervals = [...new Set(windows.map(({ interval }) => interval))];
  const widest = longestOf(intervals);
  if (!widest) return [];
  const minutes = await candles.readMinutes(windowsAround(windows, widest));
  const byWindow = new Map(
    intervals.flatMap((interval) => [...groupBy(minutes, (minute) => idOfWindow(minute, interval))]),
  );
  return windows.flatMap((window) => {
    const inside = byWindow.get(candleId(window));
    return inside ? [mergeCandles(inside, window.interval)] : [];
  });
}

function longestOf(intervals: readonly CandleInterval[]): CandleInterval | undefined {
  return [...intervals].sort((a, b) => CANDLE_INTERVAL_MS[b] - CANDLE_INTERVAL_MS[a])[0];
}

function idOfWindow({ assetId, openTimeMs }: CandleKey, interval: CandleInterval): string {
  return candleId({ assetId, interval, openTimeMs: windowStart(openTimeMs, CANDLE_INTERVAL_MS[interval]) });
}

function minuteIdOf(trade: Trade): string {
  return idOfWindow({ assetId: trade.assetId, interval: "1m", openTimeMs: tradeTsMs(trade) }, "1m");
}

/** An error, so that what asked for the windows asks again: nothing of them may be forgotten. */
function checkTime(signal: AbortSignal): void {
  if (!signal.aborted) return;
  throw new PolytapeError("operating", "out_of_time", "The call's time is up before all windows were built.");
}

function addTo(total: RebuiltWindows, part: RebuiltWindows): void {
  for (const count of ["written", "created", "revised", "unchanged", "empty", "conflicts"] as const)
    total[count] += part[count];
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group) group.push(item);
    else groups.set(keyOf(item), [item]);
  }
  return groups;
}

function chunksOf<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}
