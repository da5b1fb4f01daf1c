import { DAY_MS, type EpochMs, windowStart } from "@polytape/market-model";
import type { MarketStore } from "@polytape/market-store";
import type { PolymarketSource } from "@polytape/polymarket-source";
import { z } from "zod";
import type { Checkpoint } from "./checkpoint.ts";
import type { Tally } from "./market-pages.ts";

/** Ids in one call to the upstream, and calls in one run. */
const IDS_A_CALL = 40;
const CALLS_MAX = 3;
/** Ids of markets that the catalogue is asked for at once. */
const IDS_A_PAGE = 1_000;
/** Pages of recently ingested trades of one day. What lies beyond is found by the round over all days. */
const RECENT_PAGES_MAX = 3;
/** Trades become visible after they were stamped: how far the next run looks back once more. */
const OVERLAP_MS = 30_000;
/** Unknown ids that are remembered; the round over all days finds the others again. */
const REMEMBERED_MAX = 2_000;
/** How long an id that the upstream does not know is left alone: doubles from the first to the second. */
const FIRST_PAUSE_MS = 60_000;
const LAST_PAUSE_MS = 3_600_000;

export const lookUpState = z.object({
  /** Trades ingested before are looked at. */
  ingestedUpToMs: z.number().nullable(),
  /** Where the round over all stored days is: the next market of a day. */
  round: z.object({ dayMs: z.number(), after: z.string().nullable() }).nullable(),
  /** Markets that the catalogue lacks, by id. */
  unknown: z.record(z.string(), z.object({ askAtMs: z.number(), pauseMs: z.number() })),
});
export type LookUpState = z.infer<typeof lookUpState>;

export const nothingLookedUp: LookUpState = { ingestedUpToMs: null, round: null, unknown: {} };

export interface LookUpCounts {
  /** Asked of the upstream in this run. */
  lookedUp: number;
}

export interface LookUpDeps {
  readonly source: Pick<PolymarketSource, "findMarkets">;
  readonly store: Pick<MarketStore, "markets" | "rejections" | "trades">;
  now(): EpochMs;
  readonly signal: AbortSignal;
}

/**
 * Looks up the markets of stored trades that the catalogue lacks: first those of the trades ingested since the
 * last run (today's and yesterday's), then, a page a run, those of every stored day in turn, which finds
 * what a backfill stored and what a burst left out. What the upstream does not know is asked again later
 * and later. The state is saved after each answer is stored, so a crash asks once more and loses none.
 */
export async function lookUpUnknownMarkets(
  deps: LookUpDeps,
  checkpoint: Checkpoint<LookUpState>,
  counts: Tally & LookUpCounts,
): Promise<void> {
  if (deps.signal.aborted) return;
  const nowMs = deps.now();
  const recent = await recentMarketIds(deps, checkpoint.state(), nowMs);
  const { ids: ofRound, round } = await nextOfRound(deps, checkpoint.state());
  const { unknown } = checkpoint.state();
  const lacking = await lackingIds(deps, [...new Set([...recent, ...ofRound, ...Object.keys(unknown)])]);
  await checkpoint.save({ ingestedUpToMs: nowMs, round, unknown: remember(unknown, lacking, nowMs) });

  for (let calls = 0; calls < CALLS_MAX && !deps.signal.aborted; calls += 1) {
    const due = dueIds(checkpoint.state(), nowMs);
    if (due.length === 0) return;
    const found = await storeFound(deps, due, counts);
    counts.lookedUp += due.length;
    await checkpoint.save({
      ...checkpoint.state(),
      unknown: afterAsking(checkpoint.state().unknown, due, found, nowMs),
    });
  }
}

async function recentMarketIds(
  { store }: LookUpDeps,
  { ingestedUpToMs }: LookUpState,
  nowMs: EpochMs,
): Promise<string[]> {
  const ids: string[] = [];
  const today = windowStart(nowMs, DAY_MS);
  for (const dayMs of [today, today - DAY_MS]) {
    let after: string | undefined;
    for (let pages = 0; pages < RECENT_PAGES_MAX; pages += 1) {
      const ingestedFromMs = (ingestedUpToMs ?? nowMs) - OVERLAP_MS;
      const page = await store.trades.listMarketIds({ dayMs, ingestedFromMs, after, limit: IDS_A_PAGE });
      ids.push(...page);
      after = page.at(-1);
      if (page.length < IDS_A_PAGE) break;
    }
  }
  return ids;
}

/** One page of the markets of a stored day; after its last one comes the next day, after the newest the oldest. */
async function nextOfRound(
  { store }: LookUpDeps,
  { round }: LookUpState,
): Promise<{ ids: string[]; round: LookUpState["round"] }> {
  const days = await store.trades.storedDays();
  const dayMs = days.find((day) => day >= (round?.dayMs ?? 0)) ?? days[0];
  if (dayMs === undefined) return { ids: [], round: null };
  const after = dayMs === round?.dayMs ? (round.after ?? undefined) : undefined;
  const ids = await store.trades.listMarketIds({ dayMs, after, limit: IDS_A_PAGE });
  const last = ids.length < IDS_A_PAGE ? undefined : ids.at(-1);
  return { ids, round: last === undefined ? { dayMs: dayMs + DAY_MS, after: null } : { dayMs, after: last } };
}

async function lackingIds({ store }: LookUpDeps, ids: readonly string[]): Promise<string[]> {
  const lacking: string[] = [];
  for (let from = 0; from < ids.length; from += IDS_A_PAGE) {
    const page = ids.slice(from, from + IDS_A_PAGE);
    const known = await store.markets.findMarkets(page);
    lacking.push(...page.filter((id) => !known.has(id)));
  }
  return lacking;
}

/** Known ones are forgotten, new ones are due at once. */
function remember(
  unknown: LookUpState["unknown"],
  lacking: readonly string[],
  nowMs: EpochMs,
): LookUpState["unknown"] {
  const kept = lacking.filter((id) => unknown[id]);
  const fresh = lacking.filter((id) => !unknown[id]);
  const entries = [...kept, ...fresh].slice(0, REMEMBERED_MAX);
  return Object.fromEntries(
    entries.map((id) => [id, unknown[id] ?? { askAtMs: nowMs, pauseMs: FIRST_PAUSE_MS }]),
  );
}

/** Those that wait longest first, so that new ones (never asked) come before what is asked again and again. */
function dueIds({ unknown }: LookUpState, nowMs: EpochMs): string[] {
  return Object.entries(unknown)
    .filter(([, { askAtMs }]) => askAtMs <= nowMs)
    .sort(([, a], [, b]) => a.pauseMs - b.pauseMs || a.askAtMs - b.askAtMs)
    .slice(0, IDS_A_CALL)
    .map(([id]) => id);
}

async function storeFound(
  { source, store }: LookUpDeps,
  ids: readonly string[],
  tally: Tally,
): Promise<ReadonlySet<string>> {
  const { markets, rejected, receivedAtMs } = await source.findMarkets(ids);
  const stored = await store.markets.storeMarkets(markets, receivedAtMs);
  if (rejected.length > 0) await store.rejections.keepSamples(rejected);
  tally.rejected += rejected.length;
  for (const count of ["created", "updated", "unchanged", "changes"] as const) tally[count] += stored[count];
  return new Set(markets.map(({ marketId }) => marketId));
}

function afterAsking(
  unknown: LookUpState["unknown"],
  asked: readonly string[],
  found: ReadonlySet<string>,
  nowMs: EpochMs,
): LookUpState["unknown"] {
  const wasAsked = new Set(asked);
  return Object.fromEntries(
    Object.entries(unknown)
      .filter(([id]) => !found.has(id))
      .map(([id, entry]) =>
        wasAsked.has(id)
          ? [id, { askAtMs: nowMs + entry.pauseMs, pauseMs: Math.min(entry.pauseMs * 2, LAST_PAUSE_MS) }]
          : [id, entry],
      ),
  );
}
