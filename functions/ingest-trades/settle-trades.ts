import { randomUUID } from "node:crypto";
import { touchedWindows } from "@polytape/event-bus";
import type { JobReport } from "@polytape/function-runtime";
import { hasCode, numberEqualTrades, SECOND_MS, type Trade } from "@polytape/market-model";
import { type MarketStore, VISIBLE_AFTER_MS } from "@polytape/market-store";
import type { PolymarketSource, TradePage } from "@polytape/polymarket-source";
import { addCutSeconds, mergeRuns } from "./cut-seconds.ts";
import type { IngestTradesParts } from "./ingest-trades.ts";
import { PAGE_ROWS_MAX } from "./read-batches.ts";
import { readSettleState, type SettleState, type SettleWalk, settleCheckpointName } from "./settle-state.ts";
import { endedAboveBegin, settleStatements } from "./settle-statements.ts";

export interface SettleTradesParts extends Omit<IngestTradesParts, "budget" | "source" | "store"> {
  readonly source: Pick<PolymarketSource, "readTradePage" | "readStatus">;
  readonly store: Pick<MarketStore, "trades" | "checkpoints" | "coverage" | "rejections">;
  pause(ms: number): Promise<void>;
  readonly settle: {
    /** Rows younger than this may still appear below the head. */
    readonly afterSeconds: number;
    /** Pause between the end of one settle walk and the begin of the next. */
    readonly everySeconds: number;
    readonly pagesMax: number;
    /** An upstream further behind the chain than this proves nothing. */
    readonly upstreamLagSecondsMax: number;
  };
}

/** So many settle walks in a row must end above their begin before what they did not reach is called missing. */
const SHORT_WALKS_MAX = 5;

/**
 * Reads the feed again down to the last settled second, because rows appear below the head after the tail
 * has passed them: what is found is stored, and what was read whole and is older than the settle time becomes
 * `complete` in the ledger, if the upstream itself was not behind at any page. (design 7.2)
 *
 * May run again at any moment: rows have ids from their content, and each page's effects come before its
 * checkpoint, which only the run that read its last version may replace. Returns null when nothing is due.
 */
export async function settleTrades(
  parts: SettleTradesParts,
  coveredFromSeconds: number | null,
): Promise<JobReport | null> {
  const checkpoint = await readCheckpoint(parts);
  const walk = checkpoint.state.walk ?? openSettleWalk(parts, checkpoint.state, coveredFromSeconds);
  if (!walk) return null;
  try {
    return await walkOn(parts, checkpoint, walk);
  } catch (error) {
    if (hasCode(error, "store_conflict")) return { settle: "held_by_another_run" };
    if (hasCode(error, "call_aborted")) return { settle: "open" };
    if (!hasCode(error, "cursor_refused") && !hasCode(error, "rows_disordered")) throw error;
    parts.log.warn("settle_walk_restarts", { code: error.code, ...error.facts });
    await checkpoint.save({ ...checkpoint.state, walk: null });
    return { settle: "restarts" };
  }
}

interface SettleCheckpoint {
  state: SettleState;
  save(next: SettleState): Promise<void>;
}

async function readCheckpoint({ store, feed }: SettleTradesParts): Promise<SettleCheckpoint> {
  const name = settleCheckpointName(feed.name);
  const found = await readSettleState(store, feed.name);
  let { version } = found;
  const checkpoint: SettleCheckpoint = {
    state: found.state,
    save: async (next) => {
      version = await store.checkpoints.write(name, next, version);
      checkpoint.state = next;
    },
  };
  return checkpoint;
}

function openSettleWalk(
  { now, settle }: SettleTradesParts,
  { settledToSeconds, endedAtMs }: SettleState,
  coveredFromSeconds: number | null,
): SettleWalk | null {
  const fromSeconds = settledToSeconds ?? coveredFromSeconds;
  const toSeconds = Math.floor(now() / SECOND_MS) - settle.afterSeconds;
  const isDue = now() - endedAtMs >= settle.everySeconds * SECOND_MS;
  if (fromSeconds === null || toSeconds <= fromSeconds || !isDue) return null;
  return {
    id: randomUUID(),
    fromSeconds,
    toSeconds,
    cursor: null,
    openSecond: null,
    oldestTsSeconds: null,
    pages: 0,
    rows: 0,
    lateRows: 0,
    lateSecondsMax: 0,
    newestRow: null,
    oldestRow: null,
    overlapRows: 0,
    upstreamLagSeconds: 0,
    upstream: "v2",
    cuts: [],
    rejected: 0,
    rejectedRuns: [],
  };
}

async function walkOn(
  parts: SettleTradesParts,
  checkpoint: SettleCheckpoint,
  start: SettleWalk,
): Promise<JobReport> {
  let walk = start;
  // From here on a run beside this one conflicts at its next page: what that stored and did not tell is told by this one.
  await checkpoint.save({ ...checkpoint.state, walk });
  for (let pages = 0; pages < parts.settle.pagesMax && !parts.signal.aborted; pages += 1) {
    const page = await parts.source.readTradePage({
      rowSet: parts.feed.rowSet,
      limit: PAGE_ROWS_MAX,
      cursor: walk.cursor,
    });
    const { lagSeconds } = await parts.source.readStatus();
    // A crash always resumes at a run's first page: its news is sent again even if its rows are there.
    const step = await settlePage(parts, walk, page, pages === 0);
    walk = { ...step.walk, upstreamLagSeconds: Math.max(walk.upstreamLagSeconds, lagSeconds) };
    if (step.ended) return finishWalk(parts, checkpoint, walk);
    await checkpoint.save({ ...checkpoint.state, walk });
  }
  return { settle: "open", settle_pages: walk.pages, late_rows: walk.lateRows };
}

async function settlePage(
  parts: SettleTradesParts,
  before: SettleWalk,
  page: TradePage,
  tellAlways: boolean,
): Promise<{ walk: SettleWalk; ended: boolean }> {
  const numberer = numberEqualTrades(before.openSecond);
  const trades = numberer.number(page.rows, { rowSet: parts.feed.rowSet, receivedAtMs: page.receivedAtMs });
  const due = trades.filter(
    (trade) => trade.tsSeconds >= before.fromSeconds && trade.tsSeconds < before.toSeconds,
  );
  const late = await storeDue(parts, due, tellAlways);
  if (page.rejected.length > 0) await parts.store.rejections.keepSamples(page.rejected);
  const oldestTsSeconds = trades.at(-1)?.tsSeconds ?? before.oldestTsSeconds;
  const walk: SettleWalk = {
    ...before,
    cursor: page.nextCursor,
    openSecond: numberer.openSecond(),
    oldestTsSeconds,
    pages: before.pages + 1,
    rows: before.rows + due.length,
    lateRows: before.lateRows + late.rows,
    lateSecondsMax: Math.max(before.lateSecondsMax, late.secondsMax),
    newestRow: before.newestRow ?? due[0]?.tradeId ?? null,
    oldestRow: due.at(-1)?.tradeId ?? before.oldestRow,
    overlapRows: before.overlapRows + trades.filter(({ tsSeconds }) => tsSeconds < before.fromSeconds).length,
    upstream: page.version === "v1" ? "v1" : before.upstream,
    cuts: addCutSeconds(
      before.cuts,
      page.cutSeconds.filter((cut) => cut >= before.fromSeconds && cut < before.toSeconds),
    ),
    rejected: before.rejected + page.rejected.length,
    rejectedRuns: mergeRuns([
      ...before.rejectedRuns,
      ...(page.rejectedStretches ?? []).filter(
        (run) => run.toSeconds > before.fromSeconds && run.fromSeconds < before.toSeconds,
      ),
    ]),
  };
  const passed = oldestTsSeconds !== null && oldestTsSeconds < before.fromSeconds;
  return { walk, ended: passed || page.nextCursor === null };
}

/**
 * Rows on disk, then news of their minutes; of rows that were there already too, behind all that is live: so each candle is
 * looked at once more when its trades have settled, and one whose news was lost is made then.
 * Lateness is how old the oldest page with new rows was when they came.
 */
async function storeDue({ store, bus, feed }: SettleTradesParts, due: readonly Trade[], tellAlways: boolean) {
  if (due.length === 0) return { rows: 0, secondsMax: 0 };
  const { stored } = await store.trades.createTrades(due);
  const isNews = stored > 0 || tellAlways;
  await bus.publishTradesStored(feed.rowSet, touchedWindows(due), isNews ? "live" : "past");
  const oldest = due.at(-1);
  const age = oldest ? oldest.receivedAtMs / SECOND_MS - oldest.tsSeconds : 0;
  return { rows: stored, secondsMax: stored > 0 ? age : 0 };
}

async function finishWalk(
  parts: SettleTradesParts,
  checkpoint: SettleCheckpoint,
  walk: SettleWalk,
): Promise<JobReport> {
  const { state } = checkpoint;
  const endedAtMs = parts.now();
  if (endedAboveBegin(walk) && state.stalls < SHORT_WALKS_MAX) {
    await checkpoint.save({ ...state, endedAtMs, stalls: state.stalls + 1, walk: null });
    return { settle: "upstream_short", settle_pages: walk.pages, late_rows: walk.lateRows };
  }
  const isTrusted = walk.upstreamLagSeconds <= parts.settle.upstreamLagSecondsMax;
  await parts.pause(VISIBLE_AFTER_MS);
  await parts.store.coverage.recordIntervals(await settleStatements(parts.store, walk, isTrusted));
  const settledToSeconds = isTrusted ? walk.toSeconds : state.settledToSeconds;
  await checkpoint.save({ settledToSeconds, endedAtMs, stalls: 0, walk: null });
  return {
    settle: isTrusted ? "complete" : "upstream_lag",
    settle_pages: walk.pages,
    settled_to: new Date((settledToSeconds ?? walk.fromSeconds) * SECOND_MS).toISOString(),
    late_rows: walk.lateRows,
    ...(walk.lateRows > 0 && { late_s_max: Math.round(walk.lateSecondsMax) }),
    upstream_lag_s: walk.upstreamLagSeconds,
  };
}
