import type { JobReport, RunContext } from "@polytape/function-runtime";
import { DAY_MS, toRfc3339 } from "@polytape/market-model";
import {
  type DroppedDocuments,
  type DropQuery,
  type EventIndex,
  isWriteBlock,
  type MarketStore,
  type RolloverConditions,
} from "@polytape/market-store";
import { z } from "zod";
import { forgetStandingBooks } from "./forget-standing-books.ts";
import { noteOutcome } from "./note-outcome.ts";
import { bytesOf, isEmptyAndRolled, planRetention, type RetentionPlan } from "./plan-retention.ts";

export interface EnforceRetentionParts extends RunContext {
  readonly store: Pick<MarketStore, "retention" | "checkpoints">;
  /** 0: nothing is deleted. */
  readonly retentionDays: number;
  readonly budget: { readonly indicesMax: number; readonly documentsAtOnce: number };
  readonly rollover: RolloverConditions;
}

/** The body: nothing at all for a tick. */
export const retentionInput = z.object({
  /** Only say what would be done. */
  dry_run: z.boolean().default(false),
  /** An operator has looked: delete although much is due at once, and by the clock where no new events arrive. */
  confirm: z.boolean().default(false),
});
export type RetentionInput = z.output<typeof retentionInput>;

/** Requests that delete documents of one kind, each of `documentsAtOnce`. */
const ROUNDS_MAX = 20;
/** Names of one kind in a report. */
const NAMES_MAX = 20;

/**
 * Deletes what happened before the days that are kept, and begins a new index for books when the one written to
 * is large or old enough.
 *
 * May be run again at any moment, twice at once too: what is due is computed from what is there, and what is
 * gone is not there. First goes what is known about a day, then the day: after a crash in between the tape
 * claims less than it holds, never more. It never touches what is younger, an index whose name it cannot read,
 * or one that is written to; and when so much is due that it looks like a mistake, it deletes nothing.
 */
export async function enforceRetention(
  parts: EnforceRetentionParts,
  input: RetentionInput,
): Promise<JobReport> {
  const { store, retentionDays, now, log } = parts;
  const nowMs = now();
  const inventory = await store.retention.readInventory(nowMs);
  const plan = planRetention(inventory, { retentionDays, nowMs, confirmed: input.confirm });
  if (plan.isTooMuch)
    log.warn("retention_refused", { due: plan.due.length, cure: 'check the days, then {"confirm":true}' });

  const documents = await dropOldDocuments(parts, plan, input);
  const done = await dropDueIndices(parts, plan, { ...input, mayDrop: documents.mayDropIndices });
  const rolled = await rollOver(parts, input);
  const outcome = plan.isTooMuch ? "refused" : input.dry_run ? "dry_run" : "done";
  if (!input.dry_run) await noteOutcome(store, { outcome, atMs: nowMs });
  return {
    outcome,
    retention_days: retentionDays,
    kept_from: plan.keptFromMs === null ? null : toRfc3339(plan.keptFromMs),
    days_without_events: Math.floor(plan.behindClockMs / DAY_MS),
    ...done,
    ...documents.counts,
    ...rolled,
    next_days_free_bytes: plan.nextDaysBytes,
    ...(inventory.unreadable.length > 0 && { left_alone: inventory.unreadable.slice(0, NAMES_MAX) }),
    ...(plan.inTheFuture.length > 0 && { in_the_future: plan.inTheFuture.slice(0, NAMES_MAX) }),
  };
}

/** Coverage of the days that go, and old samples. */
async function dropOldDocuments(
  { store, budget, signal, log }: EnforceRetentionParts,
  { keptFromMs, isTooMuch }: RetentionPlan,
  { dry_run: dryRun }: RetentionInput,
): Promise<{ mayDropIndices: boolean; counts: JobReport }> {
  if (keptFromMs === null || isTooMuch) return { mayDropIndices: true, counts: {} };
  const query = { beforeMs: keptFromMs, limit: budget.documentsAtOnce, dryRun };
  try {
    const coverage = await repeatedly((each) => store.retention.dropCoverage(each), query, signal);
    const rejections = await repeatedly((each) => store.retention.dropRejections(each), query, signal);
    const counts = { coverage_days: coverage.count, rejected_samples: rejections.count };
    return { mayDropIndices: coverage.isAll, counts };
  } catch (error) {
    // On a full disk documents cannot be deleted, but indices can: the next run finds these.
    if (!isWriteBlock(error)) throw error;
    log.warn("documents_blocked", { reason: String(error) });
    return { mayDropIndices: true, counts: { documents_blocked: true } };
  }
}

async function repeatedly(
  drop: (query: DropQuery) => Promise<DroppedDocuments>,
  query: DropQuery,
  signal: AbortSignal,
): Promise<DroppedDocuments> {
  let dropped = 0;
  for (let round = 0; round < ROUNDS_MAX && !signal.aborted; round += 1) {
    const { count, isAll } = await drop(query);
    dropped += count;
    if (isAll) return { count: dropped, isAll };
  }
  return { count: dropped, isAll: false };
}

/** Oldest first, within the budget. */
async function dropDueIndices(
  { store, budget, signal, log }: EnforceRetentionParts,
  { due, isTooMuch }: RetentionPlan,
  { dry_run: dryRun, mayDrop }: RetentionInput & { readonly mayDrop: boolean },
): Promise<JobReport> {
  const wanted = isTooMuch || !mayDrop ? [] : due.slice(0, budget.indicesMax);
  const gone: EventIndex[] = [];
  const bookEnds = wanted.flatMap(({ kind, endsMs }) =>
    kind === "books" && endsMs !== null ? [endsMs] : [],
  );
  // Before they go: no book in them changed at or after the last of their ends.
  const rememberedAnew =
    dryRun || bookEnds.length === 0 ? 0 : await forgetStandingBooks(store, Math.max(...bookEnds));
  for (const index of wanted) {
    if (signal.aborted) break;
    if (!dryRun && !(await dropIndex(store, index))) continue;
    gone.push(index);
    if (!dryRun) log.info("index_deleted", { index: index.name, bytes: index.bytes });
  }
  const countOf = (kind: EventIndex["kind"]) => gone.filter((index) => index.kind === kind).length;
  return {
    deleted: gone.slice(0, NAMES_MAX).map(({ name }) => name),
    trade_days: countOf("trades"),
    candle_months: countOf("candles"),
    book_indices: countOf("books"),
    freed_bytes: bytesOf(gone),
    still_due: due.length - gone.length,
    ...(rememberedAnew > 0 && { books_to_store_anew: rememberedAnew }),
  };
}

/** False when it is gone already, or was taken for empty and is not. */
function dropIndex({ retention }: EnforceRetentionParts["store"], index: EventIndex): Promise<boolean> {
  return isEmptyAndRolled(index) ? retention.dropEmptyIndex(index.name) : retention.dropIndex(index.name);
}

async function rollOver(
  { store, rollover, log }: EnforceRetentionParts,
  { dry_run: dryRun }: RetentionInput,
): Promise<JobReport> {
  try {
    const { rolled, from, to } = await store.retention.rollOver({ ...rollover, dryRun });
    return rolled ? { rolled: from, rolled_to: to } : {};
  } catch (error) {
    if (!isWriteBlock(error)) throw error;
    log.warn("rollover_blocked", { reason: String(error) });
    return { rollover_blocked: true };
  }
}
