import { createHash } from "node:crypto";
import type { EpochMs } from "@polytape/market-model";
import { z } from "zod";
import { refusal } from "./api-error.ts";
import { LAST_MOMENT_MS, LIMIT_DEFAULT, PAGE_DEPTH_MAX } from "./parameters.ts";

/**
 * What was written becomes searchable within this time; younger rows wait for the next question. One second
 * is the indices' refresh, the other for a bulk on its way, which is stamped as it is sent. A row that the
 * server holds for longer (it is busy, or its shard was away) may become visible behind a cursor: the last page of
 * trades then says that rows lack, and a new walk finds them.
 */
export const REFRESH_LAG_MS = 2_000;

const DIGEST_LENGTH = 12;
const contentSchema = z.tuple([
  z.union([z.number(), z.string()]),
  z.union([z.number(), z.string()]),
  z.int().min(0).max(LAST_MOMENT_MS),
  z.int().nonnegative(),
  z.string().length(DIGEST_LENGTH),
]);

export type Position = readonly [number | string, number | string];

/** A place in the answer to one question. */
export interface Place<At extends Position = Position> {
  /** The last row's sort values. */
  readonly position: At;
  /** The moment of arrival up to which all pages look. */
  readonly asOfMs: EpochMs;
  /** Rows of the answer up to here, so that the last page can tell whether that was all. */
  readonly rowsBefore: number;
}

/** Where a page starts, and up to which moment of arrival its rows are looked at. */
export interface PageStart<At extends Position = Position> {
  readonly limit: number;
  /** Null when the page was reached by a cursor. */
  readonly page: number | null;
  readonly offset: number;
  readonly after: At | null;
  readonly asOfMs: EpochMs;
  readonly rowsBefore: number;
}

interface PageQuery {
  readonly limit?: number | undefined;
  readonly page?: number | undefined;
  readonly cursor?: string | undefined;
}

/**
 * `place` is what the list's sort values are. Throws `page_too_deep`, `invalid_cursor`, `invalid_parameter` (page
 * and cursor together).
 */
export function pageStart<At extends Position>(
  query: PageQuery,
  question: unknown,
  nowMs: EpochMs,
  place: z.ZodType<At>,
): PageStart<At> {
  const limit = query.limit ?? LIMIT_DEFAULT;
  if (query.cursor !== undefined) {
    if (query.page !== undefined)
      throw refusal("invalid_parameter", "page and cursor exclude each other: a cursor says where to go on.");
    const { position, ...rest } = readCursor(query.cursor, question, place);
    return { limit, page: null, offset: 0, after: position, ...rest };
  }
  const page = query.page ?? 1;
  if (page * limit > PAGE_DEPTH_MAX)
    throw refusal(
      "page_too_deep",
      `page × limit is ${page * limit}, the most is ${PAGE_DEPTH_MAX}: read on with cursor=next_cursor instead, which goes as far as you like.`,
    );
  const offset = (page - 1) * limit;
  return { limit, page, offset, after: null, asOfMs: nowMs - REFRESH_LAG_MS, rowsBefore: offset };
}

/**
 * A place as an opaque text, by which the next page looks no further than the first one did: so no row comes twice or
 * is skipped while new ones arrive. Bound to its question by a digest, which is no secret: it tells a mix-up or an
 * alteration, and nothing hangs on more. Whoever makes a cursor may name any place, so a place is read by the list's
 * own schema before it is used.
 */
export function writeCursor(place: Place, question: unknown): string {
  const { position, asOfMs, rowsBefore } = place;
  const content = [...position, asOfMs, rowsBefore, digestOf(place, question)];
  return Buffer.from(JSON.stringify(content)).toString("base64url");
}

/** The cursor of the page after this one, whose last row and number of rows are given. */
export function nextCursor(start: PageStart, last: Position, rows: number, question: unknown): string {
  const { asOfMs, rowsBefore } = start;
  return writeCursor({ position: last, asOfMs, rowsBefore: rowsBefore + rows }, question);
}

export function readCursor<At extends Position>(
  cursor: string,
  question: unknown,
  positionSchema: z.ZodType<At>,
): Place<At> {
  const read = contentSchema.safeParse(parseJson(Buffer.from(cursor, "base64url").toString("utf8")));
  if (read.success) {
    const [first, second, asOfMs, rowsBefore] = read.data;
    const position = positionSchema.safeParse([first, second]);
    // Written again and compared, digest and all: base64 has several spellings of the same bytes.
    if (position.success) {
      const place = { position: position.data, asOfMs, rowsBefore };
      if (writeCursor(place, question) === cursor) return place;
    }
  }
  throw refusal(
    "invalid_cursor",
    "The cursor was altered or belongs to another question: repeat all parameters but limit, or start again.",
  );
}

function digestOf({ position, asOfMs, rowsBefore }: Place, question: unknown): string {
  const text = JSON.stringify([position, asOfMs, rowsBefore, question]);
  return createHash("sha256").update(text).digest("base64url").slice(0, DIGEST_LENGTH);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
