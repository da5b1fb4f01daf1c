import { type Aim, figure, type JudgedFigure } from "./figure.ts";
import { median, medianPair } from "./statistics.ts";

/** One measurement and what stands beside it, of the same moment. */
export interface Pair {
  readonly value: number;
  readonly ceiling: number;
}

/**
 * Measures again and again, the first times only to warm up. Ends early when it takes long, but never
 * without one round that counts.
 */
export async function takeTurns<Round>(
  plan: { readonly rounds: number; readonly warmUps: number; readonly enoughAfterMs: number },
  measure: (round: number) => Promise<Round>,
): Promise<Round[]> {
  const startedMs = performance.now();
  const rounds: Round[] = [];
  for (let round = 0; round < plan.warmUps + plan.rounds; round += 1) {
    const measured = await measure(round);
    if (round >= plan.warmUps) rounds.push(measured);
    if (rounds.length > 0 && performance.now() - startedMs > plan.enoughAfterMs) break;
  }
  return rounds;
}

/** The pair with the middle ratio, and between which ratios all lie. */
export function figureOfPairs(
  named: { readonly name: string; readonly unit: string },
  pairs: readonly Pair[],
  aim: Aim | null = null,
): JudgedFigure {
  const ratios = pairs.map(({ value, ceiling }) => value / ceiling);
  const spread = { low: Math.min(...ratios), high: Math.max(...ratios), rounds: pairs.length };
  return { ...figure({ ...named, ...medianPair(pairs) }, aim), spread };
}

/** Without a ceiling: the middle value. */
export function figureOfValues(
  named: { readonly name: string; readonly unit: string },
  values: readonly number[],
): JudgedFigure {
  return figure({ ...named, value: median(values), ceiling: null });
}
