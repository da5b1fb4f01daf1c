import { type JobReport, withReport } from "@polytape/function-runtime";
import { hasCode, toRfc3339 } from "@polytape/market-model";
import type { MarketStore } from "@polytape/market-store";
import type { PolymarketSource } from "@polytape/polymarket-source";
import { z } from "zod";
import { type Checkpoint, openCheckpoint } from "./checkpoint.ts";
import { type PageReader, readIntoStore, startTally, type Tally } from "./market-pages.ts";
import {
  advanceRecentWalk,
  behindSeconds,
  openRecentWalk,
  recentFeedState,
  rememberRecentWalk,
} from "./recent-walk.ts";
import { afterSweptPage, beforeFirstRound, restartRound, sweepPosition } from "./sweep-position.ts";
import { type LookUpState, lookUpState, lookUpUnknownMarkets, nothingLookedUp } from "./unknown-markets.ts";

export interface IngestMarketsDeps {
  readonly source: Pick<PolymarketSource, "readMarketPage" | "findMarkets">;
  readonly store: Pick<MarketStore, "markets" | "checkpoints" | "rejections" | "trades">;
  readonly budget: MarketsBudget;
  now(): number;
  /** Once aborted, no further page is started: positions are kept, so this is no failure. */
  readonly signal: AbortSignal;
}

export interface MarketsBudget {
  /** Pages of what changed last, for open and for closed markets each. */
  readonly recentPagesMax: number;
  readonly recentOverlapMs: number;
  /** Pages of the whole catalogue. */
  readonly sweepPages: { readonly open: number; readonly closed: number };
}

const kinds = ["open", "closed"] as const;

/**
 * A market that is created during a round comes at its end among the open ones. Of the closed ones, those that closed last have
 * the trades that are kept: they come first.
 */
const SWEEP_ORDER = { open: "id", closed: "newest" } as const;
const recentState = z.object({ open: recentFeedState, closed: recentFeedState });
const sweepState = z.object({ open: sweepPosition, closed: sweepPosition });
type RecentState = z.infer<typeof recentState>;
type SweepState = z.infer<typeof sweepState>;

const unreadFeed = { newestMs: null, leftover: null };

/**
 * Brings the catalogue of markets up to date: first what changed last, then the markets of stored trades that
 * it lacks, then one more slice of everything.
 *
 * May run again at any moment, even beside itself: what is stored already is compared and left alone, an older
 * observation never replaces a newer one, and positions are written after the markets they stand for, so a crash
 * repeats at most one page. The parts don't wait for each other's luck: the catalogue goes on being
 * swept while the upstream refuses to sort by update.
 */
export async function ingestMarkets(deps: IngestMarketsDeps): Promise<JobReport> {
  const { checkpoints } = deps.store;
  const recent = await openCheckpoint<RecentState>(checkpoints, "markets:recent", recentState, {
    open: unreadFeed,
    closed: unreadFeed,
  });
  const sweep = await openCheckpoint<SweepState>(checkpoints, "markets:sweep", sweepState, {
    open: beforeFirstRound,
    closed: beforeFirstRound,
  });
  const lookUps = await openCheckpoint<LookUpState>(
    checkpoints,
    "markets:look-ups",
    lookUpState,
    nothingLookedUp,
  );
  const tally = { ...startTally(), lookedUp: 0 };
  const readPage = readIntoStore(deps, tally);

  const failures: unknown[] = [];
  const parts = [
    () => readRecent(deps, readPage, recent),
    () => lookUpUnknownMarkets(deps, lookUps, tally),
    () => sweepSlice(deps, readPage, sweep),
  ];
  for (const part of parts) {
    await part().catch((error: unknown) => failures.push(error));
  }

  const report = {
    ...reportOf(tally, recent.state(), sweep.state()),
    looked_up: tally.lookedUp,
    still_unknown: Object.keys(lookUps.state().unknown).length,
  };
  const isHarmless = (error: unknown) => hasCode(error, "store_conflict") || hasCode(error, "call_aborted");
  const failure = failures.find((error) => !isHarmless(error));
  if (failure !== undefined) throw withReport(failure, report);
  const overlapped = failures.some((error) => hasCode(error, "store_conflict"));
  return {
    ...report,
    ...(overlapped ? { overlapped } : {}),
    ...(deps.signal.aborted ? { out_of_time: true } : {}),
  };
}

/** What changed last, newest first, down to where the last run began; then what earlier runs left over. */
async function readRecent(
  { budget, signal }: IngestMarketsDeps,
  readPage: PageReader,
  checkpoint: Checkpoint<RecentState>,
): Promise<void> {
  for (const kind of kinds) {
    let walk = openRecentWalk(checkpoint.state()[kind], budget.recentOverlapMs);
    for (let pages = 0; pages < budget.recentPagesMax && walk.reading && !signal.aborted; pages += 1) {
      const page = await readPage({
        closed: kind === "closed",
        order: "updated",
        cursor: walk.reading.cursor,
      });
      walk = page ? advanceRecentWalk(walk, page) : { ...walk, reading: null, waiting: null };
      await checkpoint.save({ ...checkpoint.state(), [kind]: rememberRecentWalk(walk) });
    }
  }
}

/** One more slice of the whole catalogue by id. A run ends at the end of a round, however small that is. */
async function sweepSlice(
  { budget, signal, now }: IngestMarketsDeps,
  readPage: PageReader,
  checkpoint: Checkpoint<SweepState>,
): Promise<void> {
  for (const kind of kinds) {
    for (let pages = 0; pages < budget.sweepPages[kind] && !signal.aborted; pages += 1) {
      const position = checkpoint.state()[kind];
      const page = await readPage({
        closed: kind === "closed",
        order: SWEEP_ORDER[kind],
        cursor: position.cursor,
      });
      const next = page ? afterSweptPage(position, page, now()) : restartRound(position);
      await checkpoint.save({ ...checkpoint.state(), [kind]: next });
      if (next.cursor === null) break;
    }
  }
}

function reportOf(tally: Tally, recent: RecentState, sweep: SweepState): JobReport {
  return {
    pages: tally.pages,
    stored: tally.created + tally.updated,
    created: tally.created,
    updated: tally.updated,
    unchanged: tally.unchanged,
    changes: tally.changes,
    rejected: tally.rejected,
    cursors_refused: tally.refusedCursors,
    recent_behind_s: Math.max(behindSeconds(recent.open), behindSeconds(recent.closed)),
    open_rounds: sweep.open.rounds,
    open_position: sweep.open.pages,
    closed_rounds: sweep.closed.rounds,
    closed_position: sweep.closed.pages,
    ...(sweep.closed.reachedMs !== null && { closed_back_to: toRfc3339(sweep.closed.reachedMs) }),
  };
}
