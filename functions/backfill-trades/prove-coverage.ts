import { DAY_MS, SECOND_MS, type Trade, withoutCounts } from "@polytape/market-model";
import type { Backfill, BackfillStatement, Walk } from "./backfill-state.ts";

/** How far back the upstream serves the feed of one market. The bare feed's window is not relied upon. */
const MARKET_WINDOW_DAYS = 3 * 365;

export interface Proof {
  /** What is newly known; each second is stated once and never again by this walk. */
  readonly intervals: readonly BackfillStatement[];
  readonly coveredFromSeconds: number;
  /** Set when the upstream ended before what was asked for. */
  readonly servedFromSeconds: number | null;
}

/** Work behind a statement. Trades newest first. */
export interface WorkDone {
  readonly pages: number;
  readonly trades: readonly Trade[];
}

/**
 * What the walk proves by having come this far. The second in which it stands may be cut in two, so it is
 * proven only when the walk has ended, and never where the upstream refused to go on. (design 7.2)
 */
export function proveCoverage(backfill: Backfill, walk: Walk, done: WorkDone): Proof {
  const down = provenDownTo(backfill, walk);
  const covered = down === null ? walk.coveredFromSeconds : Math.min(down, walk.coveredFromSeconds);
  const isCut = isFeedOver(walk) && down !== null && down > backfill.fromSeconds;
  // A feed that ends above all that was asked for has none of it.
  const missingTo = isCut ? Math.min(down, walk.coveredFromSeconds) : null;
  const intervals = statementsOf(backfill, walk, covered);
  if (missingTo !== null && missingTo > backfill.fromSeconds)
    intervals.push(statement(backfill, walk, [backfill.fromSeconds, missingTo], "missing"));
  return {
    intervals: intervals.map((each, place) => withCounts(each, place, walk, { ...done, covered })),
    coveredFromSeconds: covered,
    servedFromSeconds: isCut ? down : null,
  };
}

function isFeedOver({ end }: Walk): boolean {
  return end === "feed_end" || end === "capped";
}

/** The oldest second of which every row was read; null when that can't be said of any. */
function provenDownTo({ marketId, fromSeconds }: Backfill, walk: Walk): number | null {
  const { oldestSeconds, end } = walk;
  if (end === "reached") return fromSeconds;
  if (end === null) return oldestSeconds === null ? null : Math.max(oldestSeconds + 1, fromSeconds);
  if (end === "feed_end" && marketId !== null) {
    // Below a market's first trade there is nothing, as far back as its window reaches.
    const windowFrom = Math.ceil((walk.openedAtMs - MARKET_WINDOW_DAYS * DAY_MS) / SECOND_MS);
    return Math.max(fromSeconds, Math.min(windowFrom, oldestSeconds ?? windowFrom));
  }
  // At a cap, and where the bare feed ends, which never rests, the upstream has cut it: maybe in the middle of a second.
  if (oldestSeconds === null) return Math.floor(walk.openedAtMs / SECOND_MS);
  return Math.max(oldestSeconds + 1, fromSeconds);
}

/** Newest first: complete, but for what the upstream served a part of, and where refused rows lie. */
function statementsOf(backfill: Backfill, walk: Walk, covered: number): BackfillStatement[] {
  const statements: BackfillStatement[] = [];
  let toSeconds = walk.coveredFromSeconds;
  for (const run of troublesOf(backfill, walk)) {
    const from = Math.max(run.fromSeconds, covered);
    const to = Math.min(run.toSeconds, toSeconds);
    if (from >= to) continue;
    if (to < toSeconds) statements.push(statement(backfill, walk, [to, toSeconds], "complete"));
    statements.push({ ...statement(backfill, walk, [from, to], "partial"), cause: run.cause });
    toSeconds = from;
  }
  if (covered < toSeconds) statements.push(statement(backfill, walk, [covered, toSeconds], "complete"));
  return statements;
}

/** Newest end first. They may overlap. */
function troublesOf({ fromSeconds }: Backfill, { cutSeconds, doubts, hasUnplaced, oldestSeconds }: Walk) {
  const cuts = cutSeconds.map((second) => ({ fromSeconds: second, toSeconds: second + 1 }));
  // The feed ended after refused rows: they lie anywhere below its oldest row.
  const below = hasUnplaced && oldestSeconds !== null ? [{ fromSeconds, toSeconds: oldestSeconds + 1 }] : [];
  return [
    ...cuts.map((run) => ({ ...run, cause: "upstream_cap" as const })),
    ...[...doubts, ...below].map((run) => ({ ...run, cause: "row_rejected" as const })),
  ].toSorted((a, b) => b.toSeconds - a.toSeconds || a.fromSeconds - b.fromSeconds);
}

function statement(
  { marketId, id }: Backfill,
  walk: Walk,
  [fromSeconds, toSeconds]: readonly [number, number],
  state: BackfillStatement["state"],
): BackfillStatement {
  return {
    stream: "trades",
    marketId,
    assetId: null,
    fromMs: fromSeconds * SECOND_MS,
    toMs: toSeconds * SECOND_MS,
    state,
    cause: state === "complete" ? null : "upstream_cap",
    evidence: {
      backfill: id,
      walk_id: walk.id,
      walk_opened_at: walk.openedAtMs,
      upstream: walk.upstream,
      rejected: walk.rejected,
      upstream_lag_s: walk.upstreamLagSeconds,
    },
  };
}

/** The ledger adds counts up, so one statement carries them, and the outermost rows of all. */
function withCounts(
  each: BackfillStatement,
  place: number,
  walk: Walk,
  { pages, trades, covered }: WorkDone & { readonly covered: number },
): BackfillStatement {
  if (place > 0) return { ...each, evidence: withoutCounts(each.evidence) };
  const stated = trades.filter((row) => row.tsSeconds >= covered && row.tsSeconds < walk.coveredFromSeconds);
  const evidence = {
    ...each.evidence,
    pages,
    rows: trades.length,
    first_row: stated.at(-1)?.tradeId ?? null,
    last_row: stated[0]?.tradeId ?? null,
    ...(walk.lateRows > 0 && { late_rows: walk.lateRows }),
  };
  return { ...each, evidence };
}
