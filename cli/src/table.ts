/** Lines of a table with aligned columns; empty cells show as a dash. */
export function tableLines(
  headings: readonly string[],
  rows: readonly (readonly (string | number | null | undefined)[])[],
): string[] {
  const cells = [headings, ...rows.map((row) => row.map((cell) => String(cell ?? "-")))];
  const widths = headings.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  return cells.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}
