import { randomUUID } from "node:crypto";
import { type JobReport, withReport } from "@polytape/function-runtime";
import { hasCode, PolytapeError } from "@polytape/market-model";
import { sendNextJob } from "./backfill-jobs.ts";
import type { BackfillList, StoredBackfill } from "./backfill-list.ts";
import { type Backfill, newWalk } from "./backfill-state.ts";
import type { BackfillTradesParts } from "./backfill-trades.ts";
import { estimateBackfill, progressOf } from "./progress.ts";
import { readBatches, type WalkBatch } from "./read-batches.ts";
import { endBackfill, settleBatch } from "./settle-batch.ts";

/** Walks begun anew in a row without getting further down than before. */
const RESTARTS_MAX = 5;

/** What a backfill rests for until a tick: the live tail comes first, an upstream that is behind is given time. */
const RESTS: Readonly<Record<string, string>> = {
  upstream_throttled: "throttled",
  upstream_behind: "upstream_behind",
  short_of_disk: "waiting_for_disk",
  short_of_capacity: "waiting_for_capacity",
};

/** As is a feed that ended early. */
const LEFT_TO_TICK: readonly string[] = [...Object.values(RESTS), "end_to_confirm"];

/** One call's worth of a backfill, and the job for the next one. */
export async function continueBackfill(
  parts: BackfillTradesParts,
  list: BackfillList,
  backfill: StoredBackfill,
): Promise<JobReport> {
  const before = openWalkNow(parts, backfill.state);
  try {
    return await walkOn(parts, list, backfill, before);
  } catch (error) {
    throw withReport(error, countsSince(before, backfill.state));
  }
}

async function walkOn(
  parts: BackfillTradesParts,
  list: BackfillList,
  backfill: StoredBackfill,
  before: Backfill,
): Promise<JobReport> {
  let failure: unknown = null;
  // A walk that has ended is over; only its last statements may still be waiting.
  if (before.walk.end === null) {
    failure = (await findShortage(parts)) ?? (await readLag(parts)).failure;
    for await (const batch of failure ? [] : readBatches(parts, before)) {
      const lag = batch.pages > 0 ? await readLag(parts) : NO_LAG;
      failure = lag.failure;
      if (failure) break;
      await keepEstimate(parts, backfill, batch);
      const run = { batch, startedMs: before.updatedAtMs, before, lagSeconds: lag.lagSeconds };
      if (batch.pages > 0) await settleBatch(parts, backfill, run);
      failure = batch.failure;
    }
  }
  if (!failure && backfill.state.walk.end !== null)
    await endBackfill(parts, backfill, { state: "done", reason: null });
  const outcome = failure ? await takeFailure(parts, backfill, failure) : outcomeOf(before, backfill.state);
  if (backfill.state.state !== "running") await list.put({ id: before.id, open: false });
  else if (!LEFT_TO_TICK.includes(outcome)) await sendNextJob(parts.bus, backfill.state);
  return reportOf(outcome, before, backfill.state);
}

/** Without a failure: a walk is followed by another one only to see whether the feed ends there again. */
function outcomeOf(before: Backfill, { state, walk }: Backfill): string {
  return state === "running" && walk.id !== before.walk.id ? "end_to_confirm" : state;
}

/**
 * Asked before and after what is read: an upstream that is far behind does not show yet what came late. Then nothing
 * of the batch counts, and it is read again.
 */
async function readLag({ source, upstreamLagSecondsMax = 60 }: BackfillTradesParts): Promise<Lag> {
  try {
    const { lagSeconds } = await source.readStatus();
    if (lagSeconds <= upstreamLagSecondsMax) return { lagSeconds, failure: null };
    const facts = { lagSeconds };
    const message = "The upstream is far behind the chain.";
    return { lagSeconds, failure: new PolytapeError("operating", "upstream_behind", message, { facts }) };
  } catch (error) {
    if (!hasCode(error, "upstream_throttled")) throw error;
    return { lagSeconds: 0, failure: error };
  }
}

interface Lag {
  readonly lagSeconds: number;
  /** Why nothing is to be read now. */
  readonly failure: unknown;
}

const NO_LAG: Lag = { lagSeconds: 0, failure: null };

/** What room there is belongs to the trades of now; those of the past are served tomorrow too. (decision 0022) */
async function findShortage({ store }: BackfillTradesParts): Promise<PolytapeError | null> {
  const { shortOf, reason } = await store.room.look();
  return shortOf && new PolytapeError("operating", `short_of_${shortOf}`, reason ?? `short of ${shortOf}`);
}

/** A walk of which nothing was read begins now, whenever it was planned. */
function openWalkNow({ now, settleSeconds }: BackfillTradesParts, state: Backfill): Backfill {
  const nowMs = now();
  const isBegun = state.walk.pages > 0;
  const walk = isBegun ? state.walk : newWalk(state, { walkId: state.walk.id, nowMs, settleSeconds });
  return { ...state, updatedAtMs: nowMs, walk };
}

/** Known, said and kept before the first row is stored. */
async function keepEstimate(
  { log, now }: BackfillTradesParts,
  backfill: StoredBackfill,
  { head }: WalkBatch,
): Promise<void> {
  if (!head || backfill.state.estimate) return;
  const estimate = estimateBackfill(backfill.state, head, now());
  log.info("backfill_estimate", { backfill: backfill.state.id, ...estimate });
  await backfill.save({ ...backfill.state, estimate, updatedAtMs: now() });
}

/** What a failure of the upstream, or a store without room, means for the backfill; throws what may be mended when the job comes again. */
async function takeFailure(
  parts: BackfillTradesParts,
  backfill: StoredBackfill,
  failure: unknown,
): Promise<string> {
  const { log, now, settleSeconds } = parts;
  const { state } = backfill;
  const reason = failure instanceof Error ? failure.message : String(failure);
  if (hasCode(failure, "upstream_refused")) {
    await endBackfill(parts, backfill, { state: "failed", reason });
    return "failed";
  }
  if (hasCode(failure, "cursor_refused") || hasCode(failure, "rows_disordered")) {
    const restarts = state.restarts + 1;
    log.warn("walk_restarts", { backfill: state.id, code: failure.code, restarts, ...failure.facts });
    const walk = newWalk(state, { walkId: randomUUID(), nowMs: now(), settleSeconds });
    await backfill.save({ ...state, updatedAtMs: now(), restarts, walk });
    if (restarts <= RESTARTS_MAX) return "restarts";
    await endBackfill(parts, backfill, { state: "failed", reason });
    return "failed";
  }
  const rest = failure instanceof PolytapeError ? RESTS[failure.code] : undefined;
  const awaitsTick = rest !== undefined;
  await backfill.save({ ...state, updatedAtMs: now(), awaitsTick, waitsFor: awaitsTick ? reason : null });
  if (rest === undefined) throw failure;
  return rest;
}

/** What one call did; for one that did nothing `before` and `after` are the same. */
export function reportOf(outcome: string, before: Backfill, after: Backfill): JobReport {
  const { donePercent, rowsLeft, secondsToGo } = progressOf(after);
  const late = after.lateRows - before.lateRows;
  return {
    outcome,
    backfill: after.id,
    done_percent: donePercent,
    ...countsSince(before, after),
    ...(late > 0 && { late_rows: late }),
    rows_per_second: after.rowsPerSecond,
    rows_left: rowsLeft,
    seconds_to_go: secondsToGo,
    ...(before.estimate === null && { estimate: after.estimate }),
    ...(after.walk.upstream === "v1" && { upstream: "v1" }),
    ...(after.servedFromSeconds !== null && { missing_before: after.servedFromSeconds }),
    ...((after.reason ?? after.waitsFor) !== null && { reason: after.reason ?? after.waitsFor }),
  };
}

function countsSince(before: Backfill, after: Backfill) {
  return {
    pages: after.pages - before.pages,
    rows: after.rows - before.rows,
    stored: after.stored - before.stored,
    repeated: after.repeated - before.repeated,
    rejected: after.rejected - before.rejected,
  };
}
