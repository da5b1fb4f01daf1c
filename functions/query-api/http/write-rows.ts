import type { z } from "zod";
import type { AnswerFormat } from "./answer-format.ts";

/** Rows of one answer, each already checked by its type. */
export type Rows = readonly Readonly<Record<string, unknown>>[];

/** Column names of a row's schema: a table has its heading also when it has no rows. */
export function columnsOf(row: z.ZodObject): string[] {
  return Object.keys(row.shape);
}

/** One JSON value a line, or a table by RFC 4180 with a heading. Rows only. */
export function writeRows(
  format: Exclude<AnswerFormat, "json">,
  rows: Rows,
  columns: readonly string[],
): string {
  if (format === "ndjson") return rows.map((row) => `${JSON.stringify(row)}\n`).join("");
  const lines = [columns, ...rows.map((row) => columns.map((name) => row[name]))];
  return lines.map((values) => `${values.map(cell).join(",")}\r\n`).join("");
}

/** Null is nothing between the commas, an empty text is quoted; what has parts is written as JSON. */
function cell(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text === "" || /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
