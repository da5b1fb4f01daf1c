import type { JobReport } from "@polytape/function-runtime";
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
import { messagesRefused, readBatch } from "./message-batch.ts";
import { type RebuiltWindows, rebuildWindows } from "./rebuild-windows.ts";
import { minutesOf, touchedMinutes, windowsAround } from "./touched-windows.ts";

export interface BuildCandlesDeps {
  readonly store: Pick<MarketStore, "trades" | "candles">;
  /** 1m is always built: the longer ones are merged from it. */
  readonly intervals: readonly CandleInterval[];
  readonly settleMs: number;
  now(): number;
  readonly signal: AbortSignal;
}

/** 1m windows whose trades are read at once: bounds memory and the size of requests. */
const FOLD_MINUTES_AT_ONCE = 1_000;
/** 1m windows in what is merged at once. */
const MERGE_MINUTES_AT_ONCE = 6_000;

/**
 * Makes the candles of the windows that got trades: 1m from all their stored trades, the longer ones by
 * merging all 1m candles in them.
 *
 * A message only says where to look, never what happened there, so messages may come late, twice, in any
 * order or to two runs at once: each time the candle is computed anew from the store, and the same trades
 * give the same candle. Never invents a candle for a window without trades.
 */
export async function buildCandles(deps: BuildCandlesDeps, batch: readonly unknown[]): Promise<JobReport> {
  const { candles } = deps.store;
  const { messages, refusals } = readBatch(batch);
  const minutes = touchedMinutes(messages);
  const tooLarge = new Set<string>();
  const total: RebuiltWindows = { written: 0, revised: 0, unchanged: 0, empty: 0, conflicts: 0 };
  const build = async (
    windows: readonly CandleKey[],
    compute: (keys: readonly CandleKey[]) => Promise<Candle[]>,
  ) => {
    checkTime(deps.signal);
    addTo(total, await rebuildWindows(candles, windows, compute, deps));
  };

  for (const chunk of chunksOf(minutes, FOLD_MINUTES_AT_ONCE))
    await build(chunk, (keys) => foldMinutes(deps.store, keys, tooLarge));

  const unfolded = minutes.filter((minute) => tooLarge.has(candleId(minute)));
  for (const interval of deps.intervals.filter((each) => each !== "1m")) {
    const incomplete = new Set(windowsAround(unfolded, interval).map(candleId));
    const windows = windowsAround(minutes, interval).filter((window) => !incomplete.has(candleId(window)));
    const windowsAtOnce = MERGE_MINUTES_AT_ONCE / (CANDLE_INTERVAL_MS[interval] / MINUTE_MS);
    for (const chunk of chunksOf(windows, windowsAtOnce))
      await build(chunk, (keys) => mergeMinutes(candles, keys));
  }
  const report = { messages: messages.length, minutes: minutes.length, ...total };
  if (refusals.length > 0) throw messagesRefused(refusals, report);
  if (tooLarge.size > 0) throw amountsTooLarge(tooLarge, report);
  return report;
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
 * One longer candle per window that has 1m candles. All minutes of the window are asked for by id: so what was
 * just written counts, and none is missed that another run, or another list of intervals, has left there.
 */
async function mergeMinutes(
  candles: MarketStore["candles"],
  windows: readonly CandleKey[],
): Promise<Candle[]> {
  const stored = await candles.findByKeys(windows.flatMap(minutesOf));
  return windows.flatMap((window) => {
    const minutes = minutesOf(window).flatMap((minute) => stored.get(candleId(minute)) ?? []);
    return minutes.length === 0 ? [] : [mergeCandles(minutes, window.interval)];
  });
}

function minuteIdOf(trade: Trade): string {
  const openTimeMs = windowStart(tradeTsMs(trade), MINUTE_MS);
  return candleId({ assetId: trade.assetId, interval: "1m", openTimeMs });
}

/** An error, so that the messages are delivered again: nothing of them may be forgotten. */
function checkTime(signal: AbortSignal): void {
  if (!signal.aborted) return;
  throw new PolytapeError("operating", "out_of_time", "The call's time is up before all windows were built.");
}

/** Thrown last, when all else is done: these windows need a person, not another try. */
function amountsTooLarge(windows: ReadonlySet<string>, report: JobReport): PolytapeError {
  return new PolytapeError(
    "input",
    "amount_too_large",
    `${windows.size} windows hold amounts beyond exact sums; they have no new candle.`,
    { facts: { ...report, windows: [...windows].slice(0, 10) } },
  );
}

function addTo(total: RebuiltWindows, part: RebuiltWindows): void {
  for (const count of ["written", "revised", "unchanged", "empty", "conflicts"] as const)
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
