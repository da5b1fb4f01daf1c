import type { JudgedFigure } from "./figure.ts";

const HEAD = ["figure", "value", "unit", "ceiling", "ratio", "ratios of all rounds", "aim", ""];

/** The figures as aligned columns; numbers to the right. */
export function table(figures: readonly JudgedFigure[]): string {
  const rows = [HEAD, ...figures.map(cells)];
  const widths = HEAD.map((_, column) => Math.max(...rows.map((row) => (row[column] ?? "").length)));
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) => pad(cell, widths[column] ?? 0, isNumber(column)))
      .join("  ")
      .trimEnd();
  return rows.map(line).join("\n");
}

function cells({ name, value, unit, ceiling, ratio, spread, aim, reached }: JudgedFigure): string[] {
  const all = spread ? `${shown(spread.low)} to ${shown(spread.high)}, ${spread.rounds} rounds` : "";
  return [
    name,
    shown(value),
    unit,
    shown(ceiling),
    shown(ratio),
    all,
    aim,
    reached === false ? "missed" : "",
  ];
}

function isNumber(column: number): boolean {
  return column === 1 || column === 3 || column === 4;
}

/** Three digits that mean something; whole numbers as they are. */
export function shown(value: number | null): string {
  if (value === null) return "–";
  if (Number.isInteger(value) || Math.abs(value) >= 100) return Math.round(value).toLocaleString("en-US");
  return value.toPrecision(3);
}

function pad(cell: string, width: number, right: boolean): string {
  return right ? cell.padStart(width) : cell.padEnd(width);
}
