import type { CoverageInterval } from "@polytape/market-model";

/**
 * What remains of a statement where nothing is known to be read: that the upstream serves something no longer
 * says nothing against what was read, or read in part, while it still did.
 */
export function leaveOutRead(
  statement: CoverageInterval,
  known: readonly CoverageInterval[],
): CoverageInterval[] {
  const read = known
    .filter((each) => isRead(each) && each.assetId === null)
    .filter(({ marketId }) => marketId === null || marketId === statement.marketId)
    .sort((a, b) => a.fromMs - b.fromMs);
  const left: CoverageInterval[] = [];
  let fromMs = statement.fromMs;
  for (const { fromMs: startMs, toMs: endMs } of read) {
    if (startMs > fromMs) left.push({ ...statement, fromMs, toMs: Math.min(startMs, statement.toMs) });
    fromMs = Math.max(fromMs, endMs);
    if (fromMs >= statement.toMs) return left;
  }
  return [...left, { ...statement, fromMs }];
}

/** Of what the collector still had to read when it was said nothing need be there. */
function isRead({ state, cause }: CoverageInterval): boolean {
  return state === "complete" || (state === "partial" && cause !== "collector_down");
}
