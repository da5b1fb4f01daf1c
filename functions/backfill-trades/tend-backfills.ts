import type { JobReport } from "@polytape/function-runtime";
import { MINUTE_MS, PolytapeError, SECOND_MS } from "@polytape/market-model";
import { sendJobAnew } from "./backfill-jobs.ts";
import { type BackfillList, readBackfill, type StoredBackfill } from "./backfill-list.ts";
import { FIRST_ID, firstRequest } from "./backfill-request.ts";
import type { Backfill, BackfillRequest } from "./backfill-state.ts";
import type { BackfillTradesParts } from "./backfill-trades.ts";
import { startBackfill } from "./start-backfill.ts";

/** A job's call and its longest delay take two minutes; who was heard of for longer has none. */
const JOB_LOST_AFTER_MS = 3 * MINUTE_MS;

/**
 * The tick: plans the first backfill, closes what is over, and sends a job for each running one that has none,
 * because it was throttled, or because its job was lost; none while the store has no room. It reads no trades upstream.
 */
export async function tendBackfills(parts: BackfillTradesParts, list: BackfillList): Promise<JobReport> {
  const first = firstRequest(parts.bounds, parts.now());
  if (first && !list.entries.some(({ id }) => id === FIRST_ID)) await planFirst(parts, list, first);
  const running: StoredBackfill[] = [];
  for (const { id, open } of list.entries) {
    if (!open) continue;
    const found = await readBackfill(parts.store.checkpoints, id);
    if (!found && id === FIRST_ID && first) running.push(await startBackfill(parts, list, first));
    else if (found?.state.state === "running") running.push(found);
    else await list.put({ id, open: false });
  }
  const lost = running.filter(({ state }) => isWithoutJob(parts, state, running.length));
  if (lost.length === 0) return { outcome: "nothing_to_do" };
  const backfills = lost.map(({ state }) => state.id);
  const { shortOf, reason } = await parts.store.room.look();
  if (shortOf !== null) return { outcome: `waiting_for_${shortOf}`, backfills, reason };
  for (const { state } of lost) await sendJobAnew(parts.bus, state);
  return { outcome: "jobs_sent", backfills };
}

/**
 * Once and for ever, at the first tick that the upstream answers: the live tail begins then too, and what lies before
 * it is proven by nobody else.
 */
async function planFirst(
  parts: BackfillTradesParts,
  list: BackfillList,
  first: BackfillRequest,
): Promise<void> {
  const known = await readBackfill(parts.store.checkpoints, FIRST_ID);
  if (known) return list.put({ id: FIRST_ID, open: known.state.state === "running" });
  try {
    await parts.source.readStatus();
  } catch (error) {
    if (!(error instanceof PolytapeError) || error.kind !== "operating") throw error;
    parts.log.warn("first_backfill_waits", { code: error.code });
    return;
  }
  await startBackfill(parts, list, first);
}

/** They take turns, so each is heard of the less often the more there are. */
function isWithoutJob(
  { now, settleSeconds }: BackfillTradesParts,
  state: Backfill,
  runningCount: number,
): boolean {
  if (dueAtMs(state, settleSeconds) > now()) return false;
  if (state.awaitsTick) return state.notBeforeMs <= now();
  return now() - state.updatedAtMs >= JOB_LOST_AFTER_MS * runningCount;
}

/**
 * A walk proves nothing about the settle time before it began, and the live tail's first walk may not reach back
 * so far: the first backfill waits that long, or a stretch between the two would stay unknown for ever.
 */
function dueAtMs({ id, toSeconds, startedAtMs, walk }: Backfill, settleSeconds: number): number {
  return id === FIRST_ID && walk.pages === 0 ? (toSeconds + settleSeconds) * SECOND_MS : startedAtMs;
}
