import { PolytapeError } from "@polytape/market-model";

/**
 * The value below which the given part (0 to 1) of the samples lies, by nearest rank: always one of the
 * samples, never an invented value between two. Throws `no_samples` (a bug) when there are none.
 */
export function percentile(samples: readonly number[], part: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  const rank = Math.min(Math.max(Math.ceil(part * sorted.length), 1), sorted.length);
  const value = sorted[rank - 1];
  if (value === undefined) throw new PolytapeError("bug", "no_samples", "Nothing was measured.");
  return value;
}

/** The middle sample, of an even number the lower one of the two in the middle. */
export function median(samples: readonly number[]): number {
  return percentile(samples, 0.5);
}

/** The measured pair whose ratio is the median: value and ceiling of one and the same moment. */
export function medianPair<Pair extends { readonly value: number; readonly ceiling: number }>(
  pairs: readonly Pair[],
): Pair {
  const ratio = median(pairs.map(({ value, ceiling }) => value / ceiling));
  const found = pairs.find(({ value, ceiling }) => value / ceiling === ratio);
  if (!found) throw new PolytapeError("bug", "no_samples", "Nothing was measured.");
  return found;
}
