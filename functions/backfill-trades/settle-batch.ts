import { touchedWindows } from "@polytape/event-bus";
import type { CoverageInterval } from "@polytape/market-model";
import { VISIBLE_AFTER_MS } from "@polytape/market-store";
import { BACKFILL_ROW_SET } from "./advance-walk.ts";
import type { StoredBackfill } from "./backfill-list.ts";
import type { Backfill } from "./backfill-state.ts";
import type { BackfillTradesParts } from "./backfill-trades.ts";
import { leaveOutComplete } from "./leave-out-complete.ts";
import { proveCoverage } from "./prove-coverage.ts";
import type { WalkBatch } from "./read-batches.ts";

/** Known intervals that a statement of something missing is compared with. */
const KNOWN_MAX = 10_000;

/**
 * Rows on disk, then news of their minutes, then, when readers can see them, what is proven by them, then the
 * checkpoint.
 */
export async function settleBatch(
  { store, bus, log, now, pause }: Pick<BackfillTradesParts, "store" | "bus" | "log" | "now" | "pause">,
  backfill: StoredBackfill,
  run: { readonly batch: WalkBatch; readonly startedMs: number; readonly before: Backfill },
): Promise<void> {
  const { batch, startedMs, before } = run;
  const { state } = backfill;
  if (batch.rejected.length > 0) {
    log.warn("rows_rejected", { count: batch.rejected.length, first_reason: batch.rejected[0]?.reason });
    await store.rejections.keepSamples(batch.rejected);
  }
  const counts =
    batch.trades.length > 0 ? await store.trades.createTrades(batch.trades) : { stored: 0, repeated: 0 };
  await bus.publishTradesStored(BACKFILL_ROW_SET, touchedWindows(batch.trades));
  const proof = proveCoverage(state, batch.walk, batch.end);
  const statements = await whatToState(store, proof.intervals);
  if (statements.length > 0) {
    if (counts.stored > 0) await pause(VISIBLE_AFTER_MS);
    await store.coverage.recordIntervals(statements);
  }

  const rows = state.rows + batch.trades.length;
  const tookMs = Math.max(1, now() - startedMs);
  const reached = Math.min(batch.walk.oldestSeconds ?? Infinity, state.reachedSeconds ?? Infinity);
  const gotFurther = reached < (state.reachedSeconds ?? Infinity);
  await backfill.save({
    ...state,
    state: batch.end === null ? "running" : "done",
    updatedAtMs: now(),
    pages: state.pages + batch.pages,
    rows,
    stored: state.stored + counts.stored,
    repeated: state.repeated + counts.repeated,
    rejected: state.rejected + batch.rejected.length,
    rowsPerSecond: Math.round(((rows - before.rows) * 1_000) / tookMs),
    restarts: gotFurther ? 0 : state.restarts,
    reachedSeconds: Number.isFinite(reached) ? reached : null,
    servedFromSeconds: proof.servedFromSeconds,
    walk: { ...batch.walk, coveredFromSeconds: proof.coveredFromSeconds },
  });
}

/** What is missing upstream today may have been collected while it was there: that stays complete. */
async function whatToState(
  { coverage }: Pick<BackfillTradesParts["store"], "coverage">,
  intervals: readonly CoverageInterval[],
): Promise<CoverageInterval[]> {
  const statements: CoverageInterval[] = [];
  for (const interval of intervals) {
    if (interval.state !== "missing") {
      statements.push(interval);
      continue;
    }
    const { stream, fromMs, toMs, marketId } = interval;
    const ofMarket = marketId === null ? {} : { marketId };
    const known = await coverage.findIntervals({ stream, fromMs, toMs, limit: KNOWN_MAX, ...ofMarket });
    statements.push(...leaveOutComplete(interval, known));
  }
  return statements;
}
