import type { EpochMs } from "@polytape/market-model";
import { storeRefused } from "../store-errors.ts";

/** What a search returns of a document that is read as columns; unread. */
export interface ColumnHit {
  readonly _id?: unknown;
  readonly _seq_no?: unknown;
  readonly _primary_term?: unknown;
  readonly fields?: unknown;
}

/** The values of one document. Throws `store_refused` for a field that is missing or of another kind. */
export interface ColumnReader {
  text(field: string): string;
  number(field: string): number;
  /** A date asked for as `epoch_millis`. */
  moment(field: string): EpochMs;
}

/** Hits are read one by one by hand; a schema over thousands of them would be the bulk of the cost. */
export function columnHits(body: unknown): readonly ColumnHit[] {
  const hits = (body as { hits?: { hits?: unknown } } | null)?.hits?.hits;
  return Array.isArray(hits) ? (hits as ColumnHit[]) : [];
}

/** Columns come as lists, though each of ours holds one value. */
export function readColumns({ _id: id, fields }: ColumnHit, what: string): ColumnReader {
  const fail = (field: string): never => {
    throw storeRefused(`to be understood: ${what}`, { id, field });
  };
  if (!isColumns(fields)) return fail("fields");
  const text = (field: string): string => {
    const value = fields[field]?.[0];
    return typeof value === "string" ? value : fail(field);
  };
  return {
    text,
    number(field) {
      const value = fields[field]?.[0];
      return typeof value === "number" ? value : fail(field);
    },
    moment(field) {
      const atMs = Number(text(field));
      return Number.isFinite(atMs) ? atMs : fail(field);
    },
  };
}

function isColumns(value: unknown): value is Readonly<Record<string, readonly unknown[] | undefined>> {
  return typeof value === "object" && value !== null && Object.values(value).every(Array.isArray);
}
