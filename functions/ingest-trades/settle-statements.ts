import {
  type CoverageInterval,
  type CoverageStretch,
  SECOND_MS,
  withoutCounts,
} from "@polytape/market-model";
import type { MarketStore } from "@polytape/market-store";
import { cutStatements } from "./cut-seconds.ts";
import type { SettleWalk } from "./settle-state.ts";

const ALL = { stream: "trades", marketId: null, assetId: null } as const;

/** The feed ended before it came down to where the walk had to arrive. */
export function endedAboveBegin({ fromSeconds, oldestTsSeconds }: SettleWalk): boolean {
  return oldestTsSeconds === null || oldestTsSeconds > fromSeconds;
}

/**
 * What the walk proves. Where the feed ended above its begin, the upstream serves no further back: what the tail had
 * read there stays `partial` for good, what nobody had read is `missing`, and all else stands.
 */
export async function settleStatements(
  { coverage }: Pick<MarketStore, "coverage">,
  walk: SettleWalk,
  isTrusted: boolean,
): Promise<CoverageInterval[]> {
  const { fromSeconds, toSeconds } = walk;
  const evidence = evidenceOf(walk);
  // The oldest second of a feed that ended may be cut in two.
  const oldestWhole = (walk.oldestTsSeconds ?? toSeconds) + 1;
  const readFrom = endedAboveBegin(walk) ? Math.min(oldestWhole, toSeconds) : fromSeconds;
  const read: CoverageInterval = {
    ...ALL,
    fromMs: readFrom * SECOND_MS,
    toMs: toSeconds * SECOND_MS,
    state: isTrusted ? "complete" : "partial",
    cause: isTrusted ? null : "upstream_lag",
    evidence,
  };
  const unread = { fromMs: fromSeconds * SECOND_MS, toMs: readFrom * SECOND_MS };
  const known = fromSeconds < readFrom ? await coverage.readTimeline({ stream: "trades", ...unread }) : [];
  const whole = { fromSeconds: readFrom, toSeconds };
  const rejected = cutStatements(walk.rejectedRuns, whole, withoutCounts(evidence), "row_rejected");
  const cuts = cutStatements(walk.cuts, whole, withoutCounts(evidence));
  const notRead = known.flatMap((stretch) => givenUp(stretch, withoutCounts(evidence)));
  return [read, ...notRead, ...rejected, ...cuts].filter((statement) => statement.fromMs < statement.toMs);
}

function givenUp(
  { fromMs, toMs, state, cause }: CoverageStretch,
  evidence: CoverageInterval["evidence"],
): CoverageInterval[] {
  const isUnread = state === "unknown" || (state === "partial" && cause === "collector_down");
  const isRead = state === "partial" && cause === "upstream_lag";
  if (!isUnread && !isRead) return [];
  return [{ ...ALL, fromMs, toMs, state: isUnread ? "missing" : "partial", cause: "upstream_cap", evidence }];
}

function evidenceOf(walk: SettleWalk): CoverageInterval["evidence"] {
  return {
    walk_id: walk.id,
    pages: walk.pages,
    rows: walk.rows,
    late_rows: walk.lateRows,
    first_row: walk.oldestRow,
    last_row: walk.newestRow,
    overlap_rows: walk.overlapRows,
    upstream_lag_s: walk.upstreamLagSeconds,
    ...(walk.rejected > 0 && { rejected: walk.rejected }),
    ...(walk.upstream === "v1" && { upstream: walk.upstream }),
  };
}
