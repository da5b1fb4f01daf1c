import { storeRefused } from "../store-errors.ts";

/** What a search returns of a document that is read as columns; unread. */
export interface ColumnHit {
  readonly _id?: unknown;
  readonly _seq_no?: unknown;
  readonly _primary_term?: unknown;
  /** Texts, by field. */
  readonly fields?: unknown;
  /** Numbers, in the order in which they were asked for. */
  readonly sort?: unknown;
}

/** Hits are read one by one by hand; a schema over thousands of them would be the bulk of the cost. */
export function columnHits(body: unknown): readonly ColumnHit[] {
  const hits = (body as { hits?: { hits?: unknown } } | null)?.hits?.hits;
  return Array.isArray(hits) ? (hits as ColumnHit[]) : [];
}

/** The value of a text column; they come as lists, though each of ours holds one. Throws `store_refused` without it. */
export function textOf({ _id: id, fields }: ColumnHit, field: string, what: string): string {
  const values = (fields as Readonly<Record<string, unknown>> | undefined)?.[field];
  const value: unknown = Array.isArray(values) ? values[0] : undefined;
  if (typeof value === "string") return value;
  throw storeRefused(`to be understood: ${what}`, { id, field });
}

/** The largest value of each kind of field. */
const LARGEST = {
  double: Number.MAX_VALUE,
  integer: 2 ** 31 - 1,
  long: Number.MAX_SAFE_INTEGER,
  date: 253_402_300_799_999,
} as const;

/** A field that holds no number below zero, nor a whole one beyond 2^53, and its kind in the mapping. */
export type NumberColumn = readonly [field: string, kind: keyof typeof LARGEST];

/** What a document without the field has in its place. */
const MISSING = -1;

/**
 * Asks for numbers as values to sort by, behind those that decide the order. The server has them at hand when it
 * has ordered what it found, where columns (`docvalue_fields`) are looked up one by one and named in every document:
 * 1,440 candles take it a third of the time and of the bytes this way. Texts must not be asked for so: sorting by a text is slow.
 */
export function numbersToRead(columns: readonly NumberColumn[]): Record<string, unknown>[] {
  return columns.map(([field]) => ({ [field]: { order: "asc", missing: MISSING } }));
}

/** In a position to go on from (`search_after`): behind everything that stands equal in what decides the order. */
export function behindAll(columns: readonly NumberColumn[]): number[] {
  return columns.map(([, kind]) => LARGEST[kind]);
}

/**
 * The numbers of one document, in the order of the columns, from a place among its sort values on. Throws
 * `store_refused` for one that is missing or of another kind.
 */
export function numbersOf<const Columns extends readonly NumberColumn[]>(
  { _id: id, sort }: ColumnHit,
  columns: Columns,
  { what, from = 0 }: { readonly what: string; readonly from?: number },
): { readonly [Place in keyof Columns]: number } {
  const values = Array.isArray(sort) ? (from === 0 ? sort : sort.slice(from)) : [];
  for (let place = 0; place < columns.length; place += 1) {
    const [field, kind = "long"] = columns[place] ?? [];
    const value: unknown = values[place];
    if (typeof value !== "number" || value < 0 || value > LARGEST[kind])
      throw storeRefused(`to be understood: ${what}`, { id, field });
  }
  return values as unknown as { readonly [Place in keyof Columns]: number };
}
