import { type Candle, type EpochMs, PolytapeError } from "@polytape/market-model";
import { type CandleKey, type CandleShelf, candleId } from "@polytape/market-store";
import { reviseCandle } from "./candle-revision.ts";

/** How often windows that another run wrote in between are computed anew before giving up. */
const TRIES_MAX = 5;

export interface RebuiltWindows {
  written: number;
  /** Of the written ones: those that were not there before. */
  created: number;
  /** Of the written ones: those whose revision was raised. */
  revised: number;
  unchanged: number;
  /** Nothing to make a candle of. */
  empty: number;
  /** Computed anew because another run wrote in between. */
  conflicts: number;
}

/**
 * Brings the candles of the windows up to date with what `compute` makes of their trades.
 *
 * The stored versions are read before `compute` reads, and every write is guarded by them: so whatever was
 * read earlier can't overwrite what was read later, in whichever order two runs write.
 * Throws `store_conflict` when other runs keep winning.
 */
export async function rebuildWindows(
  shelf: CandleShelf,
  windows: readonly CandleKey[],
  compute: (windows: readonly CandleKey[]) => Promise<Candle[]>,
  clock: { now(): EpochMs; readonly settleMs: number },
): Promise<RebuiltWindows> {
  const report: RebuiltWindows = { written: 0, created: 0, revised: 0, unchanged: 0, empty: 0, conflicts: 0 };
  let pending = windows;
  for (let tries = 0; tries < TRIES_MAX && pending.length > 0; tries += 1) {
    const stored = await shelf.findByKeys(pending);
    const fresh = await compute(pending);

    const nowMs = clock.now();
    const writes = fresh.flatMap((candle) => {
      const write = reviseCandle(candle, stored.get(candleId(candle)), { nowMs, settleMs: clock.settleMs });
      return write ? [write] : [];
    });
    const { written, conflicts } =
      writes.length === 0 ? { written: 0, conflicts: [] } : await shelf.writeCandles(writes);

    const lost = new Set(conflicts.map(candleId));
    report.written += written;
    const won = writes.filter(({ candle }) => !lost.has(candleId(candle)));
    report.created += won.filter(({ replaces }) => replaces === null).length;
    report.revised += won.filter(({ candle, rev }) => rev > (stored.get(candleId(candle))?.rev ?? 0)).length;
    report.unchanged += fresh.length - writes.length;
    report.empty += pending.length - fresh.length;
    report.conflicts += conflicts.length;
    pending = conflicts;
  }
  if (pending.length === 0) return report;
  throw new PolytapeError("operating", "store_conflict", "Other runs keep writing the same candles.", {
    facts: { windows: pending.length, tries: TRIES_MAX },
  });
}
