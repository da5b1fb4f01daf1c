import type { EventBus } from "@polytape/event-bus";
import type { JobReport, RunContext } from "@polytape/function-runtime";
import { hasCode, PolytapeError } from "@polytape/market-model";
import type { MarketStore } from "@polytape/market-store";
import type { PolymarketSource } from "@polytape/polymarket-source";
import { positionOf, sendJobAnew, sendNextJob } from "./backfill-jobs.ts";
import { type BackfillList, readBackfill, readList, type StoredBackfill } from "./backfill-list.ts";
import { type BackfillInput, type RequestBounds, readRequest } from "./backfill-request.ts";
import type { BackfillRequest } from "./backfill-state.ts";
import { continueBackfill, reportOf } from "./continue-backfill.ts";
import type { ReadingParts } from "./read-batches.ts";
import { findMarketStart, findStarted, startBackfill } from "./start-backfill.ts";
import { tendBackfills } from "./tend-backfills.ts";

export interface BackfillTradesParts extends RunContext, ReadingParts {
  readonly source: Pick<PolymarketSource, "readTradePage" | "findMarkets" | "readStatus">;
  readonly store: Pick<
    MarketStore,
    "trades" | "markets" | "checkpoints" | "coverage" | "rejections" | "room"
  >;
  readonly bus: Pick<EventBus, "publish" | "publishTradesStored">;
  readonly bounds: RequestBounds;
  readonly settleSeconds: number;
  /** An upstream further behind the chain than this proves nothing; default 60. */
  readonly upstreamLagSecondsMax?: number;
  pause(ms: number): Promise<void>;
}

/**
 * Fills in trades of the past: walks a feed from its head down to the second asked for, a bounded number of
 * pages per call. A body asks for a backfill, or is the job of a running one; none is the tick, which sees to it
 * that each running one has a job.
 *
 * May be run again at any moment, twice at once too: a trade's id is computed from the trade, and a checkpoint
 * is written only by who read its last version. Order of effects: rows on disk, news of their minutes, coverage
 * of what readers can see, checkpoint, next job; so a crash repeats work and leaves no hole. (design 7.2)
 */
export async function backfillTrades(parts: BackfillTradesParts, input: BackfillInput): Promise<JobReport> {
  const list = await readList(parts.store.checkpoints);
  try {
    if (input.backfill !== undefined) return await takeJob(parts, list, input.backfill, input.position);
    const request = readRequest(input, parts.bounds, parts.now());
    if (request) return await takeRequest(parts, list, request, input.request_id !== undefined);
    return await tendBackfills(parts, list);
  } catch (error) {
    if (!hasCode(error, "store_conflict")) throw error;
    return { outcome: "held_by_another_run", ...(input.backfill && { backfill: input.backfill }) };
  }
}

/** A job for a place where the backfill no longer stands makes sure that the right one exists, and is done. */
async function takeJob(
  parts: BackfillTradesParts,
  list: BackfillList,
  id: string,
  position: string | undefined,
): Promise<JobReport> {
  const backfill = await readBackfill(parts.store.checkpoints, id);
  if (backfill?.state.state !== "running") return { outcome: "nothing_to_do", backfill: id };
  if (position === undefined || position === positionOf(backfill.state))
    return continueBackfill(parts, list, backfill);
  if (!backfill.state.awaitsTick) await sendNextJob(parts.bus, backfill.state);
  return { outcome: "out_of_date", backfill: id };
}

/** The call that starts a backfill does its first part too; one that runs already gets a job. */
async function takeRequest(
  parts: BackfillTradesParts,
  list: BackfillList,
  request: BackfillRequest,
  isOnce: boolean,
): Promise<JobReport> {
  const known = await findStarted(parts, request);
  if (known && (isOnce || known.state.state === "running")) {
    if (known.state.state === "running") await sendJobAnew(parts.bus, known.state);
    return reportOf(known.state.state, known.state, known.state);
  }
  const { marketId } = request;
  const marketFromSeconds = marketId === null ? null : await findMarketStart(parts, marketId);
  return continueBackfill(
    parts,
    list,
    await startOrWait(parts, list, { ...request, marketFromSeconds }, isOnce),
  );
}

/** Who sends a message does not look at the answer: it comes again until there is room. */
async function startOrWait(
  parts: BackfillTradesParts,
  list: BackfillList,
  request: BackfillRequest,
  isOnce: boolean,
): Promise<StoredBackfill> {
  try {
    return await startBackfill(parts, list, request);
  } catch (cause) {
    if (!isOnce || !hasCode(cause, "too_many_backfills")) throw cause;
    throw new PolytapeError("operating", "too_many_backfills", cause.message, { cause });
  }
}
