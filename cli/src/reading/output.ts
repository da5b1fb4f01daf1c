import { z } from "zod";
import { tableLines } from "../table.ts";

export const FORMATS = ["table", "csv", "json"] as const;
export type Format = (typeof FORMATS)[number];

export const format = z
  .enum(FORMATS, `must be ${FORMATS.join(", ")}`)
  .optional()
  .meta({ description: "table (default), csv, or json: one value a line" });

/** A row of an answer, by the names of its fields. */
export type Row = Readonly<Record<string, unknown>>;

export interface Column {
  /** The field's name in the answer, and the heading. */
  readonly name: string;
  /** Whether a table shows it; CSV and JSON hold everything. */
  readonly inTable: boolean;
}

export function columns(inTable: readonly string[], others: readonly string[]): Column[] {
  return [
    ...inTable.map((name) => ({ name, inTable: true })),
    ...others.map((name) => ({ name, inTable: false })),
  ];
}

type RowWriter = (rows: readonly Row[]) => void;

/** Writes rows as they come, the heading once. */
export function rowWriter(
  format: Format,
  columns: readonly Column[],
  print: (line: string) => void,
): RowWriter {
  if (format === "json")
    return (rows) => {
      for (const row of rows) print(JSON.stringify(row));
    };
  const shown = columns.filter(({ inTable }) => format === "csv" || inTable).map(({ name }) => name);
  return format === "csv" ? csvWriter(shown, print) : tableWriter(shown, print);
}

function csvWriter(names: readonly string[], print: (line: string) => void): RowWriter {
  let heading: string[][] = [[...names]];
  return (rows) => {
    const values = rows.map((row) => names.map((name) => row[name]));
    for (const line of csvLines([...heading, ...values])) print(line);
    heading = [];
  };
}

/** Columns keep the widths of the first rows: what comes later is not known yet. */
function tableWriter(names: readonly string[], print: (line: string) => void): RowWriter {
  let widths: number[] | null = null;
  return (rows) => {
    const cells = rows.map((row) => names.map((name) => cellText(row[name])));
    const heading = widths === null ? [names] : [];
    widths ??= names.map((name, at) => Math.max(name.length, ...cells.map((row) => row[at]?.length ?? 0)));
    for (const row of [...heading, ...cells])
      print(
        row
          .map((cell, at) => cell.padEnd(widths?.[at] ?? 0))
          .join("  ")
          .trimEnd(),
      );
  };
}

/** One thing, a field a line. */
export function fieldTable(row: Row): string[] {
  return tableLines(
    ["field", "value"],
    Object.entries(row).map(([name, value]) => [name, cellText(value)]),
  );
}

/** RFC 4180, lines without their end: what holds a comma, quote or line end is quoted; null is empty. */
export function csvLines(rows: readonly (readonly unknown[])[]): string[] {
  return rows.map((row) =>
    row
      .map((value) => plainText(value))
      .map((text) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text))
      .join(","),
  );
}

const CELL_MAX = 80;

/** What a terminal may show: titles come from outside and may hold anything. */
function cellText(value: unknown): string {
  if (value === null || value === undefined) return "-";
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
  const text = plainText(value).replace(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]+/g, " ");
  return text.length > CELL_MAX ? `${text.slice(0, CELL_MAX - 1)}…` : text;
}

function plainText(value: unknown): string {
  if (value === null || value === undefined) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
