import { randomUUID } from "node:crypto";
import type { EventBus } from "@polytape/event-bus";
import type { JobReport, RunContext } from "@polytape/function-runtime";
import { hasCode, SECOND_MS } from "@polytape/market-model";
import type { MarketStore } from "@polytape/market-store";
import {
  type BackfillList,
  createBackfill,
  readBackfill,
  readList,
  type StoredBackfill,
} from "./backfill-list.ts";
import {
  type BackfillInput,
  FIRST_ID,
  firstRequest,
  type RequestBounds,
  readRequest,
} from "./backfill-request.ts";
import { type Backfill, type BackfillRequest, newBackfill, newWalk } from "./backfill-state.ts";
import { estimateBackfill, progressOf } from "./progress.ts";
import { type ReadingParts, readBatches, type WalkBatch } from "./read-batches.ts";
import { settleBatch } from "./settle-batch.ts";

export interface BackfillTradesParts extends RunContext, ReadingParts {
  readonly store: Pick<MarketStore, "trades" | "checkpoints" | "coverage" | "rejections">;
  readonly bus: Pick<EventBus, "publish" | "publishTradesStored">;
  readonly bounds: RequestBounds;
  readonly settleSeconds: number;
  pause(ms: number): Promise<void>;
}

/** Every call takes one message of it; one not yet taken is replaced, which loses nothing: state is in checkpoints. */
export const TOPIC = "tick.backfill-trades";
/** Walks begun anew in a row without getting further down than before. */
const RESTARTS_MAX = 5;

/**
 * Fills in trades of the past: walks a feed from its head down to the second asked for, a bounded number of
 * pages per call. A body starts a backfill; none continues the running one that waits longest, or starts the
 * first one.
 *
 * May be run again at any moment, twice at once too: a trade's id is computed from the trade, and a checkpoint
 * is written only by who read its last version. Order of effects: rows on disk, news of their minutes, coverage,
 * checkpoint, message for the next call; so a crash repeats work and leaves no hole. (design 7.2)
 */
export async function backfillTrades(parts: BackfillTradesParts, input: BackfillInput): Promise<JobReport> {
  const { store, bounds, now } = parts;
  const list = await readList(store.checkpoints);
  const request = readRequest(input, bounds, now());
  // Whoever asks by hand must be told when it could not be begun; a tick is followed by the next one.
  const started = request ? await startBackfill(parts, list, request) : null;
  try {
    const backfill = started ?? (await chooseBackfill(parts, list));
    return backfill ? await runBackfill(parts, list, backfill) : { outcome: "nothing_to_do" };
  } catch (error) {
    if (!hasCode(error, "store_conflict")) throw error;
    return { outcome: "held_by_another_run", ...(started && { backfill: started.state.id }) };
  }
}

/** The list first: a name without a state is passed over, a state without a name would never be found. */
async function startBackfill(
  { store, now, settleSeconds, log }: BackfillTradesParts,
  list: BackfillList,
  request: BackfillRequest,
): Promise<StoredBackfill> {
  const known = await readBackfill(store.checkpoints, request.id);
  const entry = list.entries.find(({ id }) => id === request.id);
  if (!entry?.open) await list.put({ id: request.id, open: true });
  if (known?.state.state === "running") return known;
  const fresh = newBackfill(request, { walkId: randomUUID(), nowMs: now(), settleSeconds });
  log.info("backfill_starts", { backfill: request.id, from: request.fromSeconds, to: request.toSeconds });
  return createBackfill(store.checkpoints, fresh);
}

async function chooseBackfill(
  parts: BackfillTradesParts,
  list: BackfillList,
): Promise<StoredBackfill | null> {
  const first = firstRequest(parts.bounds, parts.now());
  if (first && !list.entries.some(({ id }) => id === FIRST_ID)) await startBackfill(parts, list, first);
  const running: StoredBackfill[] = [];
  const isDue = ({ state }: StoredBackfill) => dueAtMs(state, parts.settleSeconds) <= parts.now();
  for (const { id, open } of list.entries) {
    if (!open) continue;
    const found = await readBackfill(parts.store.checkpoints, id);
    if (!found && id === FIRST_ID && first) running.push(await startBackfill(parts, list, first));
    else if (found?.state.state === "running") running.push(found);
    else await list.put({ id, open: false });
  }
  return running.filter(isDue).sort((a, b) => a.state.updatedAtMs - b.state.updatedAtMs)[0] ?? null;
}

/**
 * A walk proves nothing about the settle time before it began, and the live tail's first walk may not reach back
 * so far: the first backfill waits that long, or a stretch between the two would stay unknown for ever.
 */
function dueAtMs({ id, toSeconds, startedAtMs, walk }: Backfill, settleSeconds: number): number {
  return id === FIRST_ID && walk.pages === 0 ? (toSeconds + settleSeconds) * SECOND_MS : startedAtMs;
}

async function runBackfill(
  parts: BackfillTradesParts,
  list: BackfillList,
  backfill: StoredBackfill,
): Promise<JobReport> {
  const before = openWalkNow(parts, backfill.state);
  const startedMs = before.updatedAtMs;
  let failure: unknown = null;
  for await (const batch of readBatches(parts, before)) {
    await keepEstimate(parts, backfill, batch);
    if (batch.pages > 0) await settleBatch(parts, backfill, { batch, startedMs, before });
    failure = batch.failure;
  }
  const outcome = failure ? await takeFailure(parts, backfill, failure) : backfill.state.state;
  if (backfill.state.state !== "running") await list.put({ id: before.id, open: false });
  // Throttled: the live tail comes first, and the schedule's next tick goes on.
  const goesOn = outcome !== "throttled" && list.entries.some(({ open }) => open);
  if (goesOn) await parts.bus.publish(TOPIC, {}, { messageId: messageIdOf(backfill.state) });
  return report(outcome, before, backfill.state);
}

/** A walk of which nothing was read begins now, whenever it was planned. */
function openWalkNow({ now, settleSeconds }: BackfillTradesParts, state: Backfill): Backfill {
  const nowMs = now();
  const isBegun = state.walk.pages > 0;
  const walk = isBegun ? state.walk : newWalk(state, { walkId: state.walk.id, nowMs, settleSeconds });
  return { ...state, updatedAtMs: nowMs, walk };
}

/** The same for a repeat of the same work, so that it is one message. */
function messageIdOf({ id, startedAtMs, pages, walk }: Backfill): string {
  return `${id}:${startedAtMs}:${walk.id}:${pages}`;
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

/** What the upstream's failure means for the backfill; throws what the next tick may find mended. */
async function takeFailure(
  { log, now, settleSeconds }: BackfillTradesParts,
  backfill: StoredBackfill,
  failure: unknown,
): Promise<"throttled" | "restarts" | "failed"> {
  const { state } = backfill;
  const reason = failure instanceof Error ? failure.message : String(failure);
  // Its turn is over also when nothing came of it, or one that cannot go on would keep the others waiting.
  const turn = { ...state, updatedAtMs: now() };
  if (hasCode(failure, "upstream_refused")) {
    await backfill.save({ ...turn, state: "failed", reason });
    return "failed";
  }
  if (hasCode(failure, "cursor_refused") || hasCode(failure, "rows_disordered")) {
    const restarts = state.restarts + 1;
    log.warn("walk_restarts", { backfill: state.id, code: failure.code, restarts, ...failure.facts });
    const walk = newWalk(state, { walkId: randomUUID(), nowMs: now(), settleSeconds });
    const failed = restarts > RESTARTS_MAX;
    await backfill.save({ ...turn, restarts, walk, ...(failed && { state: "failed", reason }) });
    return failed ? "failed" : "restarts";
  }
  await backfill.save(turn);
  if (hasCode(failure, "upstream_throttled")) return "throttled";
  throw failure;
}

function report(outcome: string, before: Backfill, after: Backfill): JobReport {
  const { donePercent, rowsLeft, secondsToGo } = progressOf(after);
  return {
    outcome,
    backfill: after.id,
    done_percent: donePercent,
    pages: after.pages - before.pages,
    rows: after.rows - before.rows,
    stored: after.stored - before.stored,
    repeated: after.repeated - before.repeated,
    rejected: after.rejected - before.rejected,
    rows_per_second: after.rowsPerSecond,
    rows_left: rowsLeft,
    seconds_to_go: secondsToGo,
    ...(before.estimate === null && { estimate: after.estimate }),
    ...(after.servedFromSeconds !== null && { missing_before: after.servedFromSeconds }),
    ...(after.reason !== null && { reason: after.reason }),
  };
}
