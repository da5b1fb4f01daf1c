import { randomUUID } from "node:crypto";
import type { EventBus } from "@polytape/event-bus";
import { touchedWindows } from "@polytape/event-bus";
import { type JobReport, type RunContext, withReport } from "@polytape/function-runtime";
import {
  type CoverageInterval,
  hasCode,
  PolytapeError,
  type RejectedRecord,
  type RowSet,
  SECOND_MS,
  type Trade,
} from "@polytape/market-model";
import type { MarketStore, StoreVersion } from "@polytape/market-store";
import type { PolymarketSource, TradePage } from "@polytape/polymarket-source";
import { PAGE_ROWS_MAX, readBatches, type WalkBatch } from "./read-batches.ts";
import { readSettleState } from "./settle-state.ts";
import {
  addShortRead,
  advanceWalk,
  anchorGaps,
  closeWalk,
  cutSecondsOf,
  EMPTY_TAPE,
  endedAboveAnchor,
  isBehindAnchor,
  leaveOutSettled,
  openStretch,
  openWalk,
  showsNothingNew,
  type TapeState,
  tapeStateSchema,
  unsettledStretch,
  type Walk,
} from "./walk.ts";

export interface IngestTradesParts extends RunContext {
  readonly source: Pick<PolymarketSource, "readTradePage">;
  readonly store: Pick<MarketStore, "trades" | "checkpoints" | "coverage" | "rejections">;
  readonly bus: Pick<EventBus, "publishTradesStored">;
  readonly feed: {
    readonly name: string;
    readonly rowSet: RowSet;
    /** Whether it is the whole venue's feed: only then what it proves is said of all markets. */
    readonly isWhole: boolean;
  };
  readonly budget: { readonly pagesMax: number; readonly batchRowsMax: number };
}

/** Batches being stored while the next one is read: bounds memory, and keeps two bulks in flight. */
const BATCHES_AT_ONCE = 2;

/** A cursor refused or rows in disorder so often in a row: from then on runs fail, and the trigger slows down. */
const RESTARTS_MAX = 3;

/** So many walks in a row must end above the anchor before what lies between is recorded as missing. */
const SHORT_WALKS_MAX = 20;

interface Tally {
  pages: number;
  rows: number;
  stored: number;
  repeated: number;
  rejected: number;
  messages: number;
  /** How long after it was made the newest trade that this run stored was seen. */
  ingest_lag_seconds?: number;
}

/**
 * Brings the store up to date with the trades made since the last closed walk.
 *
 * May be run again at any moment, twice at once too: a trade's id is computed from the trade, so repeats
 * are answered "already there", and the checkpoint is written only by who read its last version. Reads
 * newest to oldest; the walk is recorded before its first page is stored and closes only at the anchor,
 * so a crash repeats work and never leaves a hole that looks like proof. (design 7.2)
 */
export async function ingestTrades(parts: IngestTradesParts): Promise<JobReport> {
  const tape = await readTape(parts);
  const tally: Tally = { pages: 0, rows: 0, stored: 0, repeated: 0, rejected: 0, messages: 0 };
  try {
    if (tape.state.walk) return await runWalk(parts, tape, { walk: tape.state.walk, firstPage: null }, tally);
    const look = await lookAtHead(parts, tape.state, tally);
    if (typeof look === "string") return { walk: look, ...tally };
    const walk = openWalk(randomUUID(), tape.state.anchor, parts.now());
    await tape.save({ ...tape.state, walk });
    return await runWalk(parts, tape, { walk, firstPage: look }, tally);
  } catch (error) {
    if (hasCode(error, "store_conflict")) return { walk: "held_by_another_run", ...tally };
    if (!hasCode(error, "cursor_refused") && !hasCode(error, "rows_disordered"))
      throw withReport(error, { ...tally });
    parts.log.warn("walk_restarts", { code: error.code, ...error.facts });
    if (error.facts["version_changed"] === true) await dropWalk(tape, null);
    else if ((await dropWalk(tape, "stalls")) >= RESTARTS_MAX) throw withReport(error, { ...tally });
    return { walk: "restarts", ...tally };
  }
}

/**
 * Starts anew at the head next time; the anchor stays, and what the walk has read is remembered. Counts why, and returns
 * how often that happened since a walk closed.
 */
async function dropWalk(
  tape: Tape,
  cause: "stalls" | "shortWalks" | null,
  walk: Walk | null = tape.state.walk,
): Promise<number> {
  const { state } = tape;
  const count = cause === null ? 0 : state[cause] + 1;
  const shortReads = walk ? addShortRead(state, walk) : state.shortReads;
  await tape.save({ ...state, ...(cause !== null && { [cause]: count }), shortReads, walk: null });
  return count;
}

interface Tape {
  state: TapeState;
  save(next: TapeState): Promise<void>;
}

/** The checkpoint, and a way to replace it that fails when another run did so first. */
async function readTape({ store, feed }: IngestTradesParts): Promise<Tape> {
  const name = `trades:${feed.name}`;
  const found = await store.checkpoints.read(name);
  let version: StoreVersion | null = found?.version ?? null;
  const outcome = tapeStateSchema.safeParse(found?.state ?? EMPTY_TAPE);
  if (!outcome.success) {
    throw new PolytapeError("bug", "checkpoint_malformed", `The checkpoint ${name} has an unknown shape.`, {
      cause: outcome.error,
    });
  }
  const tape: Tape = {
    state: outcome.data,
    save: async (next) => {
      version = await store.checkpoints.write(name, next, version);
      tape.state = next;
    },
  };
  return tape;
}

/**
 * One page of the head, as large as a tick of this feed usually needs. Most ticks end here: nothing new
 * costs one request and no write. A page that reaches the anchor, or a full one, is the walk's first page;
 * a smaller one is dropped, because its size would hold for every page that follows it.
 */
async function lookAtHead(
  { source, feed, now }: IngestTradesParts,
  state: TapeState,
  tally: Tally,
): Promise<"quiet" | "upstream_behind" | TradePage | null> {
  if (!state.anchor) return null;
  const known = state.anchor.tradeIds.length + (state.head?.tradeIds.length ?? 0);
  const limit = Math.min(Math.max(known + 20, Math.ceil(state.lastRows * 1.5)), PAGE_ROWS_MAX);
  const page = await source.readTradePage({ rowSet: feed.rowSet, limit, cursor: null });
  const step = advanceWalk(openWalk("look", state.anchor, now()), state.anchor, page, feed.rowSet);
  const isUsed = step.end !== null || limit === PAGE_ROWS_MAX;
  if (isBehindAnchor(state, step.walk)) return "upstream_behind";
  if (showsNothingNew(state, step)) return "quiet";
  if (!isUsed) tally.pages += 1;
  return isUsed ? page : null;
}

async function runWalk(
  parts: IngestTradesParts,
  tape: Tape,
  start: { walk: Walk; firstPage: TradePage | null },
  tally: Tally,
): Promise<JobReport> {
  let settled: Promise<void> = Promise.resolve();
  let last: WalkBatch | null = null;
  const underway: Promise<void>[] = [];
  try {
    for await (const batch of readBatches(parts, start, tape.state.anchor)) {
      if (underway.length === BATCHES_AT_ONCE) await underway.shift();
      settled = settleBatch(parts, tape, { batch, before: settled }, tally);
      underway.push(settled);
      // Awaited above or below; this only keeps an early failure from counting as unhandled.
      settled.catch(() => {});
      last = batch;
    }
    await settled;
  } finally {
    // Nothing is still being written when the run has reported.
    await Promise.allSettled(underway);
  }
  if (start.walk.pages === 0) await stateOpen(parts, tape.state, last);
  if (last?.failure) throw last.failure;
  return finishWalk(parts, tape, last, tally);
}

/** Said once, by the run that opened the walk: whatever else proves the same stretch later stands. */
async function stateOpen(parts: IngestTradesParts, state: TapeState, last: WalkBatch | null) {
  const open = last && last.end === null ? openStretch(state, last.walk) : null;
  if (open) await stateCoverage(parts, [open]);
}

async function stateCoverage({ store, feed }: IngestTradesParts, statements: readonly CoverageInterval[]) {
  if (!feed.isWhole) return;
  const { state } = await readSettleState(store, feed.name);
  await store.coverage.recordIntervals(leaveOutSettled(statements, state.settledToSeconds));
}

/**
 * The order of effects: rows on disk, then news of their windows, then the checkpoint. Rows of two batches
 * may be on their way at once, but no checkpoint passes one before it, nor a batch that failed.
 */
async function settleBatch(
  parts: IngestTradesParts,
  tape: Tape,
  { batch, before }: { readonly batch: WalkBatch; readonly before: Promise<void> },
  tally: Tally,
): Promise<void> {
  await keepRejected(parts, batch.rejected);
  const { stored, repeated } = await storeTrades(parts, batch.trades);
  const { messages } = await parts.bus.publishTradesStored(parts.feed.rowSet, touchedWindows(batch.trades));
  await before;
  const [newest] = batch.trades;
  if (newest && stored > 0)
    tally.ingest_lag_seconds ??= Math.max(0, newest.receivedAtMs / SECOND_MS - newest.tsSeconds);
  tally.pages += batch.pages;
  tally.rows += batch.trades.length;
  tally.stored += stored;
  tally.repeated += repeated;
  tally.rejected += batch.rejected.length;
  tally.messages += messages;
  if (batch.end === null) await tape.save({ ...tape.state, walk: batch.walk });
}

async function storeTrades({ store }: IngestTradesParts, trades: readonly Trade[]) {
  return trades.length === 0 ? { stored: 0, repeated: 0 } : store.trades.createTrades(trades);
}

async function keepRejected(
  { store, log }: IngestTradesParts,
  rejected: readonly RejectedRecord[],
): Promise<void> {
  if (rejected.length === 0) return;
  log.warn("rows_rejected", { count: rejected.length, first_reason: rejected[0]?.reason });
  await store.rejections.keepSamples(rejected);
}

async function finishWalk(
  parts: IngestTradesParts,
  tape: Tape,
  last: WalkBatch | null,
  tally: Tally,
): Promise<JobReport> {
  const end = last?.end ?? firstWalkEnd(tape.state, parts);
  if (!last || end === null) return { walk: "open", ...tally };
  if (isBehindAnchor(tape.state, last.walk)) {
    await dropWalk(tape, null);
    return { walk: "upstream_behind", ...tally };
  }
  // A short feed is believed only when it stays short: a hole that heals must not become a recorded gap.
  if (endedAboveAnchor(tape.state, last.walk) && tape.state.shortWalks < SHORT_WALKS_MAX) {
    await dropWalk(tape, "shortWalks", last.walk);
    return { walk: "upstream_short", ...tally };
  }
  const next = closeWalk(tape.state, last.walk, end);
  const gaps = anchorGaps(tape.state, last.walk);
  const seen = unsettledStretch(tape.state, next, last.walk);
  const cuts = cutSecondsOf(tape.state, next, last.walk);
  const statements = [...gaps, ...(seen ? [seen] : []), ...cuts];
  await stateCoverage(parts, statements);
  await tape.save(next);
  return { walk: "closed", end, ...tally, ...(gaps[0] && { gap: gaps[0].cause }), ...saidOfV1(last.walk) };
}

function saidOfV1({ upstream, cuts }: Walk): JobReport {
  if (upstream !== "v1") return {};
  return { upstream, ...(cuts.length > 0 && { cut_runs: cuts.length }) };
}

/** A walk without an anchor has nothing to reach: it ends at its budget, and all before is unknown. */
function firstWalkEnd(state: TapeState, { budget }: IngestTradesParts): "budget" | null {
  return !state.anchor && (state.walk?.pages ?? 0) >= budget.pagesMax ? "budget" : null;
}
