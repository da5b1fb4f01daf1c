/** One measured figure, as `bench/out/latest.json` holds it. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** What the same machine did at the same time without us, or a bound; null where there is neither. */
  readonly ceiling: number | null;
  /** value / ceiling. */
  readonly ratio: number | null;
}

/** A figure with what is hoped of it. */
export interface JudgedFigure extends Figure {
  /** In words, such as `ratio ≥ 0.6`; empty where nothing is asked. */
  readonly aim: string;
  /** Null where nothing is asked. */
  readonly reached: boolean | null;
  /** Between which ratios all rounds lie; absent where a figure is of one piece. */
  readonly spread?: Spread;
}

export interface Spread {
  readonly low: number;
  readonly high: number;
  readonly rounds: number;
}

interface Measured {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly ceiling: number | null;
}

/** What is asked of a figure, in words and as a test. */
export interface Aim {
  readonly words: string;
  readonly isReached: (figure: Figure) => boolean;
}

export function figure(measured: Measured, aim: Aim | null = null): JudgedFigure {
  const { value, ceiling } = measured;
  const bare = { ...measured, ratio: ceiling === null || ceiling === 0 ? null : value / ceiling };
  return { ...bare, aim: aim?.words ?? "", reached: aim === null ? null : aim.isReached(bare) };
}

export function atLeast(ratio: number): Aim {
  return { words: `ratio ≥ ${ratio}`, isReached: (each) => (each.ratio ?? 0) >= ratio };
}

export function below(value: number, unit: string): Aim {
  return { words: `< ${value} ${unit}`, isReached: (each) => each.value < value };
}

export const NONE: Aim = { words: "0", isReached: (each) => each.value === 0 };

/** A read through everything may take twice the direct query, or 5 ms more. */
export const NEAR_DIRECT: Aim = {
  words: "ratio ≤ 2 or +5 ms",
  isReached: ({ value, ceiling }) => ceiling !== null && (value <= 2 * ceiling || value <= ceiling + 5),
};

/** Only what the file promises, figures rounded to what was measured. */
export function asJson(figures: readonly JudgedFigure[]): string {
  const bare: Figure[] = figures.map(({ name, value, unit, ceiling, ratio }) => ({
    name,
    value: round(value),
    unit,
    ceiling: ceiling === null ? null : round(ceiling),
    ratio: ratio === null ? null : round(ratio),
  }));
  return `${JSON.stringify(bare, null, 2)}\n`;
}

function round(value: number): number {
  return Number(value.toPrecision(4));
}
