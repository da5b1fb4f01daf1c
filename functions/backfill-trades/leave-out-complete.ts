import type { CoverageInterval } from "@polytape/market-model";

/**
 * What remains of a statement where nothing complete is known: that the upstream serves something no longer
 * says nothing against what was read while it still did.
 */
export function leaveOutComplete(
  statement: CoverageInterval,
  known: readonly CoverageInterval[],
): CoverageInterval[] {
  const complete = known
    .filter(({ state, assetId }) => state === "complete" && assetId === null)
    .filter(({ marketId }) => marketId === null || marketId === statement.marketId)
    .sort((a, b) => a.fromMs - b.fromMs);
  const left: CoverageInterval[] = [];
  let fromMs = statement.fromMs;
  for (const { fromMs: startMs, toMs: endMs } of complete) {
    if (startMs > fromMs) left.push({ ...statement, fromMs, toMs: Math.min(startMs, statement.toMs) });
    fromMs = Math.max(fromMs, endMs);
    if (fromMs >= statement.toMs) return left;
  }
  return [...left, { ...statement, fromMs }];
}
