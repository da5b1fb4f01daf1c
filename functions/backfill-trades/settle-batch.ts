import { randomUUID } from "node:crypto";
import { touchedWindows } from "@polytape/event-bus";
import { BACKFILL_ROW_SET } from "./advance-walk.ts";
import type { StoredBackfill } from "./backfill-list.ts";
import { type Backfill, newWalk } from "./backfill-state.ts";
import type { BackfillTradesParts } from "./backfill-trades.ts";
import { claimOf, leftOf } from "./claim-batch.ts";
import { confirmAfterMs, judgeEnd } from "./confirm-end.ts";
import { progressOf } from "./progress.ts";
import { proveCoverage } from "./prove-coverage.ts";
import type { WalkBatch } from "./read-batches.ts";
import { addPending, stateCoverage, takeVisible } from "./state-coverage.ts";
import { storeBatch } from "./store-batch.ts";

type Parts = Pick<
  BackfillTradesParts,
  "store" | "bus" | "log" | "now" | "pause" | "signal" | "settleSeconds"
>;

/**
 * A claim, then rows on disk, then news of their minutes (of rows that were there only while a claim is resumed), then what earlier batches prove and readers can see by now, then the
 * checkpoint, which keeps what this batch proves until its rows can be seen too.
 */
export async function settleBatch(
  { store, bus, log, now, settleSeconds }: Parts,
  backfill: StoredBackfill,
  run: {
    readonly batch: WalkBatch;
    readonly startedMs: number;
    readonly before: Backfill;
    readonly lagSeconds: number;
  },
): Promise<void> {
  const { batch, startedMs, before, lagSeconds } = run;
  const { state } = backfill;
  if (batch.rejected.length > 0) {
    log.warn("rows_rejected", { count: batch.rejected.length, first_reason: batch.rejected[0]?.reason });
    await store.rejections.keepSamples(batch.rejected);
  }
  // The batch knows the walk as its run began; what was covered since is in the checkpoint.
  const coveredFromSeconds =
    state.walk.pages === 0 ? batch.walk.coveredFromSeconds : state.walk.coveredFromSeconds;
  const resumed = state.claim;
  await backfill.save({ ...state, claim: claimOf(batch.walk, resumed) });
  const counts = await storeBatch(store, batch.trades, { marketId: state.marketId, coveredFromSeconds });
  const storedAtMs = now();
  const late = counts.lateBelow + counts.lateAbove;
  if (late > 0) log.warn("late_rows", { backfill: state.id, count: late });
  if (counts.stored > 0 || resumed)
    await bus.publishTradesStored(BACKFILL_ROW_SET, touchedWindows(batch.trades), "past");

  const { visible, waiting } = takeVisible(state.pending, now());
  await stateCoverage(store, visible);
  const { end, feedEnd } = await judgeEnd(store, state, batch.walk);
  const walk = {
    ...batch.walk,
    end,
    coveredFromSeconds,
    lateRows: state.walk.lateRows + counts.lateBelow,
    upstreamLagSeconds: Math.max(state.walk.upstreamLagSeconds, lagSeconds),
  };
  const proof = proveCoverage(state, walk, batch);
  const left = {
    coveredFromSeconds: proof.coveredFromSeconds,
    cutSeconds: walk.cutSeconds.filter((second) => second < proof.coveredFromSeconds),
    doubts: walk.doubts.filter(({ fromSeconds }) => fromSeconds < proof.coveredFromSeconds),
    ...(proof.intervals.length > 0 && { lateRows: 0 }),
  };
  const rows = state.rows + batch.trades.length;
  const reached = Math.min(walk.oldestSeconds ?? Infinity, state.reachedSeconds ?? Infinity);
  const gotFurther = reached < (state.reachedSeconds ?? Infinity);
  await backfill.save(
    withProgress({
      ...state,
      updatedAtMs: now(),
      pages: state.pages + batch.pages,
      rows,
      stored: state.stored + counts.stored,
      repeated: state.repeated + counts.repeated,
      rejected: state.rejected + batch.rejected.length,
      lateRows: state.lateRows + late,
      rowsPerSecond: Math.round(((rows - before.rows) * 1_000) / Math.max(1, now() - startedMs)),
      restarts: gotFurther ? 0 : state.restarts,
      reachedSeconds: Number.isFinite(reached) ? reached : null,
      servedFromSeconds: proof.servedFromSeconds,
      awaitsTick: feedEnd !== null,
      waitsFor: null,
      notBeforeMs: feedEnd ? now() + confirmAfterMs(feedEnd) : 0,
      feedEnd: feedEnd ?? state.feedEnd,
      claim: leftOf(batch.walk, resumed),
      pending: addPending(waiting, proof.intervals, storedAtMs),
      walk: feedEnd
        ? newWalk(state, { walkId: randomUUID(), nowMs: now(), settleSeconds })
        : { ...walk, ...left },
    }),
  );
}

/**
 * States what still waits, when readers can see it, and ends the backfill. Out of time it does nothing: the next
 * call does.
 */
export async function endBackfill(
  { store, now, pause, signal }: Parts,
  backfill: StoredBackfill,
  end: Pick<Backfill, "state" | "reason">,
): Promise<void> {
  const { pending } = backfill.state;
  const waitMs = Math.max(0, ...pending.map(({ visibleAtMs }) => visibleAtMs - now()));
  if (waitMs > 0 && signal.aborted) return;
  if (waitMs > 0) await pause(waitMs);
  await stateCoverage(store, pending);
  await backfill.save(withProgress({ ...backfill.state, ...end, updatedAtMs: now(), pending: [] }));
}

function withProgress(state: Backfill): Backfill {
  return { ...state, progress: progressOf(state) };
}
