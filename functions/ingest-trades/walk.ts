import {
  type CoverageInterval,
  numberEqualTrades,
  type RowSet,
  SECOND_MS,
  type Trade,
} from "@polytape/market-model";
import type { TradePage } from "@polytape/polymarket-source";
import { z } from "zod";
import { addCutSeconds, type CutRun, cutRun, cutStatements, mergeRuns } from "./cut-seconds.ts";

const second = z.object({ tsSeconds: z.int(), tradeIds: z.array(z.string()) });
/** All rows of one second of event time, by their ids. */
export type SecondOfTrades = z.infer<typeof second>;

const walkSchema = z.object({
  id: z.string(),
  openedAtMs: z.int(),
  /** The next page; null: the head of the feed. */
  cursor: z.string().nullable(),
  pages: z.int(),
  /** Those down to the anchor: what lies below it on the last page is of closed walks. */
  rows: z.int(),
  /** The newest second read; rows may still be added to it. */
  head: second.nullable(),
  /** The second below the head: complete as soon as an older row was read. */
  belowHead: second.nullable(),
  belowHeadComplete: z.boolean(),
  /** Counters of the second in which the walk stands. */
  openSecond: z.object({ tsSeconds: z.int(), counts: z.record(z.string(), z.int()) }).nullable(),
  /** Rows of the anchor that have not come back yet. */
  anchorMissing: z.array(z.string()),
  passedAnchor: z.boolean(),
  oldestTsSeconds: z.int().nullable(),
  /** v1 when any page came from there. */
  upstream: z.enum(["v1", "v2"]).default("v2"),
  /** Above the anchor: seconds of which the upstream gave a part. */
  cuts: z.array(cutRun).default([]),
  /** The feed's end was a refusal to page on: what lies below is not known to be empty. */
  isCapped: z.boolean().default(false),
});
/** One reading of the feed from its head down to the anchor, in pages, possibly over several runs. */
export type Walk = z.infer<typeof walkSchema>;

/** The checkpoint of one feed. */
export const tapeStateSchema = z.object({
  /** The newest second known to be complete: a walk that gets there has left no hole above it. */
  anchor: second.nullable(),
  /** Rows newer than the anchor that are stored already: a head that shows just these has nothing new. */
  head: second.nullable(),
  /** Everything before this second is unknown to the live tail; null before the first walk closed. */
  coveredFromSeconds: z.int().nullable(),
  /** Rows of the last closed walk: how many to ask for next time. */
  lastRows: z.int(),
  /** Since a walk closed: walks that ended at a refused cursor or at rows in disorder. */
  stalls: z.int().default(0),
  /** Since a walk closed: walks whose feed ended above the anchor. */
  shortWalks: z.int().default(0),
  /** What walks without a result have read since then, and stored all the same. */
  shortReads: z.array(cutRun).default([]),
  walk: walkSchema.nullable(),
});
export type TapeState = z.infer<typeof tapeStateSchema>;

export const EMPTY_TAPE: TapeState = {
  anchor: null,
  head: null,
  coveredFromSeconds: null,
  lastRows: 0,
  stalls: 0,
  shortWalks: 0,
  shortReads: [],
  walk: null,
};

export function openWalk(id: string, anchor: SecondOfTrades | null, nowMs: number): Walk {
  return {
    id,
    openedAtMs: nowMs,
    cursor: null,
    pages: 0,
    rows: 0,
    head: null,
    belowHead: null,
    belowHeadComplete: false,
    openSecond: null,
    anchorMissing: anchor?.tradeIds ?? [],
    passedAnchor: false,
    oldestTsSeconds: null,
    upstream: "v2",
    cuts: [],
    isCapped: false,
  };
}

/** How a walk ended: at its anchor, at the end of what the upstream serves, or not yet. */
export type WalkEnd = "anchor" | "feed_end" | null;

export interface WalkStep {
  readonly walk: Walk;
  /** The page's trades down to the anchor's second, numbered; older ones belong to closed walks. */
  readonly trades: readonly Trade[];
  readonly end: WalkEnd;
}

/** Takes the next page into the walk. Pure; throws `rows_disordered` like the numbering does. */
export function advanceWalk(
  before: Walk,
  anchor: SecondOfTrades | null,
  page: TradePage,
  rowSet: RowSet,
): WalkStep {
  const numberer = numberEqualTrades(before.openSecond);
  const trades = numberer.number(page.rows, { rowSet, receivedAtMs: page.receivedAtMs });
  const unwalked = anchor ? trades.filter((trade) => trade.tsSeconds >= anchor.tsSeconds) : trades;
  const walk: Walk = {
    ...before,
    cursor: page.nextCursor,
    pages: before.pages + 1,
    rows: before.rows + unwalked.length,
    openSecond: numberer.openSecond(),
    oldestTsSeconds: trades.at(-1)?.tsSeconds ?? before.oldestTsSeconds,
    upstream: page.version === "v1" ? "v1" : before.upstream,
    cuts: addCutSeconds(
      before.cuts,
      page.cutSeconds.filter((cut) => !anchor || cut > anchor.tsSeconds),
    ),
    isCapped: page.isCapped,
    ...noteNewestSeconds(before, trades),
    ...noteAnchor(before, anchor, trades),
  };
  const feedEnded = page.nextCursor === null;
  if (feedEnded && walk.belowHead) walk.belowHeadComplete = true;
  return {
    walk,
    trades: unwalked,
    end: walk.passedAnchor ? "anchor" : feedEnded ? "feed_end" : null,
  };
}

function noteNewestSeconds(
  before: Walk,
  trades: readonly Trade[],
): Pick<Walk, "head" | "belowHead" | "belowHeadComplete"> {
  let head = copyOf(before.head);
  let belowHead = copyOf(before.belowHead);
  let { belowHeadComplete } = before;
  for (const { tsSeconds, tradeId } of trades) {
    if (belowHeadComplete) break;
    if (head === null || head.tsSeconds === tsSeconds) head = withTrade(head, tsSeconds, tradeId);
    else if (belowHead === null || belowHead.tsSeconds === tsSeconds)
      belowHead = withTrade(belowHead, tsSeconds, tradeId);
    else belowHeadComplete = true;
  }
  return { head, belowHead, belowHeadComplete };
}

function copyOf(known: SecondOfTrades | null): SecondOfTrades | null {
  return known && { tsSeconds: known.tsSeconds, tradeIds: [...known.tradeIds] };
}

function withTrade(known: SecondOfTrades | null, tsSeconds: number, tradeId: string): SecondOfTrades {
  if (known === null) return { tsSeconds, tradeIds: [tradeId] };
  known.tradeIds.push(tradeId);
  return known;
}

function noteAnchor(
  before: Walk,
  anchor: SecondOfTrades | null,
  trades: readonly Trade[],
): Pick<Walk, "anchorMissing" | "passedAnchor"> {
  if (!anchor) return { anchorMissing: [], passedAnchor: false };
  const back = new Set(
    trades.filter((trade) => trade.tsSeconds === anchor.tsSeconds).map((trade) => trade.tradeId),
  );
  const oldest = trades.at(-1)?.tsSeconds ?? Number.POSITIVE_INFINITY;
  return {
    anchorMissing:
      back.size === 0 ? before.anchorMissing : before.anchorMissing.filter((id) => !back.has(id)),
    passedAnchor: before.passedAnchor || oldest < anchor.tsSeconds,
  };
}

/** The state after a walk that ended: the newest complete second becomes the anchor. */
export function closeWalk(state: TapeState, walk: Walk, end: Exclude<WalkEnd, null> | "budget"): TapeState {
  const { belowHead, head } = walk;
  const isNewer =
    belowHead !== null && (state.anchor === null || belowHead.tsSeconds >= state.anchor.tsSeconds);
  const anchor = isNewer && walk.belowHeadComplete ? belowHead : state.anchor;
  return {
    anchor,
    head: head && anchor && head.tsSeconds > anchor.tsSeconds ? head : null,
    coveredFromSeconds: state.coveredFromSeconds ?? firstCoveredSecond(walk, end),
    lastRows: walk.rows,
    stalls: 0,
    shortWalks: 0,
    shortReads: [],
    walk: null,
  };
}

/** A first walk that stopped at its budget or a cap may have cut its oldest second in two: that one is not covered. */
function firstCoveredSecond(walk: Walk, end: Exclude<WalkEnd, null> | "budget"): number | null {
  if (walk.oldestTsSeconds === null || !walk.belowHeadComplete) return null;
  return end === "feed_end" && !walk.isCapped ? walk.oldestTsSeconds : walk.oldestTsSeconds + 1;
}

/** The head shows exactly what is stored already, down to the anchor: there is nothing to do. */
export function showsNothingNew(state: TapeState, step: WalkStep): boolean {
  if (!state.anchor || step.end === null || step.walk.anchorMissing.length > 0) return false;
  const { tsSeconds } = state.anchor;
  const anchorIds = new Set(state.anchor.tradeIds);
  const newer = step.trades.filter((trade) => trade.tsSeconds > tsSeconds || !anchorIds.has(trade.tradeId));
  const known = new Set(state.head?.tradeIds);
  return newer.length === known.size && newer.every((trade) => known.has(trade.tradeId));
}

/** The upstream shows less than it did before: a replica behind the one asked last. Nothing can be concluded. */
export function isBehindAnchor(state: TapeState, walk: Walk): boolean {
  if (!state.anchor) return false;
  const headTsSeconds = walk.head?.tsSeconds;
  if (headTsSeconds === undefined || headTsSeconds < state.anchor.tsSeconds) return true;
  return headTsSeconds === state.anchor.tsSeconds && walk.anchorMissing.length > 0;
}

/**
 * The feed ended before it reached the anchor: the upstream serves no further back than this, for now or for
 * good. What lies between is not known to be empty.
 */
export function endedAboveAnchor(state: TapeState, walk: Walk): boolean {
  return state.anchor !== null && !walk.passedAnchor && walk.anchorMissing.length > 0;
}

/**
 * What did not come back although it was served before: rows of the anchor's second (the upstream changed), or all that
 * a feed that has become short no longer shows. Of that, what a walk has seen while it was served is `partial`, and the
 * rest `missing`.
 */
export function anchorGaps(state: TapeState, walk: Walk): CoverageInterval[] {
  if (!state.anchor || walk.anchorMissing.length === 0) return [];
  const { tsSeconds } = state.anchor;
  const evidence = {
    ...walkEvidence(walk),
    missing_rows: walk.anchorMissing.length,
    missing: walk.anchorMissing.slice(0, 20),
  };
  const gap = (fromSeconds: number, toSeconds: number, kind: Pick<CoverageInterval, "state" | "cause">) => ({
    ...{ stream: "trades" as const, marketId: null, assetId: null },
    ...{ fromMs: fromSeconds * SECOND_MS, toMs: toSeconds * SECOND_MS, ...kind, evidence },
  });
  if (!endedAboveAnchor(state, walk))
    return [gap(tsSeconds, tsSeconds + 1, { state: "partial", cause: "upstream_changed" })];
  const oldest = walk.oldestTsSeconds ?? tsSeconds;
  const whole = { fromSeconds: tsSeconds + 1, toSeconds: oldest + 1 };
  const seen = mergeRuns([
    { fromSeconds: tsSeconds, toSeconds: (state.head?.tsSeconds ?? tsSeconds) + 1 },
    ...state.shortReads,
    // The oldest second of a feed that ended may be cut in two.
    { fromSeconds: oldest, toSeconds: oldest + 1 },
  ]);
  return [
    gap(whole.fromSeconds, whole.toSeconds, { state: "missing", cause: "upstream_cap" }),
    ...cutStatements(seen, whole, evidence),
  ].filter(({ fromMs, toMs }) => fromMs < toMs);
}

/**
 * What a closed walk newly proves: that nothing is missing that the upstream showed when it was read. Rows may
 * still appear below the head, so it is `partial` until the settle walk has been there.
 */
export function unsettledStretch(before: TapeState, after: TapeState, walk: Walk): CoverageInterval | null {
  const begin = endedAboveAnchor(before, walk) ? walk.oldestTsSeconds : before.anchor?.tsSeconds;
  const fromSeconds = before.anchor ? (begin ?? before.anchor.tsSeconds) + 1 : after.coveredFromSeconds;
  const toSeconds = after.anchor ? after.anchor.tsSeconds + 1 : null;
  if (fromSeconds === null || toSeconds === null || fromSeconds >= toSeconds) return null;
  return {
    stream: "trades",
    marketId: null,
    assetId: null,
    fromMs: fromSeconds * SECOND_MS,
    toMs: toSeconds * SECOND_MS,
    state: "partial",
    cause: "upstream_lag",
    evidence: { ...walkEvidence(walk), pages: walk.pages, rows: walk.rows },
  };
}

/**
 * What a walk still has to read: the collector is behind, and how far is known from the head that the walk has seen.
 * Null when there is no anchor yet: nothing before the first walk is known at all.
 */
export function openStretch({ anchor }: TapeState, walk: Walk): CoverageInterval | null {
  if (!anchor || !walk.belowHead || walk.belowHead.tsSeconds <= anchor.tsSeconds) return null;
  return {
    stream: "trades",
    marketId: null,
    assetId: null,
    fromMs: (anchor.tsSeconds + 1) * SECOND_MS,
    toMs: (walk.belowHead.tsSeconds + 1) * SECOND_MS,
    state: "partial",
    cause: "collector_down",
    evidence: walkEvidence(walk),
  };
}

/**
 * What is left of the tail's statements where the settle walk has not been: while no trade was made, or the tail was
 * behind, that one may have read beyond the tail's anchor, and later than the tail has. That rows which were served
 * did not come back stands all the same.
 */
export function leaveOutSettled(
  statements: readonly CoverageInterval[],
  settledToSeconds: number | null,
): CoverageInterval[] {
  const settledToMs = (settledToSeconds ?? 0) * SECOND_MS;
  return statements
    .map((each) =>
      each.cause === "upstream_changed" ? each : { ...each, fromMs: Math.max(each.fromMs, settledToMs) },
    )
    .filter(({ fromMs, toMs }) => fromMs < toMs);
}

/** The reads of short walks with this one: from its oldest second, which may be cut, up to the head's, which may grow. */
export function addShortRead(
  state: TapeState,
  { belowHead, belowHeadComplete, oldestTsSeconds }: Walk,
): CutRun[] {
  if (!belowHead || !belowHeadComplete || oldestTsSeconds === null) return state.shortReads;
  const read = { fromSeconds: oldestTsSeconds, toSeconds: belowHead.tsSeconds + 1 };
  return mergeRuns([...state.shortReads, read]);
}

/** The seconds of a closed walk of which the upstream gave a part. */
export function cutSecondsOf(before: TapeState, after: TapeState, walk: Walk): CoverageInterval[] {
  const fromSeconds = before.anchor ? before.anchor.tsSeconds + 1 : after.coveredFromSeconds;
  if (fromSeconds === null) return [];
  const whole = { fromSeconds, toSeconds: (walk.head?.tsSeconds ?? fromSeconds) + 1 };
  return cutStatements(walk.cuts, whole, walkEvidence(walk));
}

function walkEvidence({ id, upstream }: Walk) {
  return { walk_id: id, ...(upstream === "v1" && { upstream }) };
}
