import { createHash } from "node:crypto";
import { PolytapeError, type RejectedRecord, type TradeRow } from "@polytape/market-model";
import type { RowRun, V1Place } from "./v1-place.ts";

/** A row of an answer with the second it belongs to; of a row without a readable time, its neighbour's. */
export interface PlacedRow {
  readonly tsSeconds: number;
  readonly record: TradeRow | RejectedRecord;
  /** Equal for rows that are equal as trades. */
  readonly key: string;
}

/** What one answer of v1 gives. */
export interface V1Step {
  readonly taken: readonly PlacedRow[];
  /** Null at the end. */
  readonly next: V1Place | null;
  readonly cutSeconds: readonly number[];
  readonly isCapped: boolean;
}

/** Rows may appear below the head for so long: until then an offset inside a second may shift. */
const SETTLED_AFTER_SECONDS = 600;
/** Pages in a row that may give nothing: the head moves on while one reads, a page past the cap repeats. */
const IDLE_PAGES_MAX = 5;
/** So many rows of the last page must come again before what follows is taken for its continuation. */
const RUN_ROWS_MAX = 20;

const END: V1Step = { taken: [], next: null, cutSeconds: [], isCapped: false };

/**
 * Takes from one answer (newest first) the seconds that it holds whole: its oldest second may be cut by the
 * answer's end, so it is left to the next page, which begins there. So each second comes whole out of one answer
 * and equal rows can be counted, although v1 has no stable cursor. Only a second that fills an answer alone is
 * continued by offset, behind rows that are recognized; where that is not possible it is named in `cutSeconds`.
 */
export function takeWholeSeconds(
  place: V1Place | null,
  answer: readonly PlacedRow[],
  nowSeconds: number,
): V1Step {
  if (place === null) return answer.length === 0 ? END : takeHead(answer, nowSeconds);
  if (answer.length === 0 && place.offset > 0) return pastCap(place);
  if (answer.length === 0) return place.isSeen ? idle(place, answer, 0) : END;
  if (place.isWindowed && answer.some((row) => row.tsSeconds > place.second + 1))
    return withoutWindow(place, answer, nowSeconds);
  return place.open ? goOn(place, place.open, answer, nowSeconds) : takeFromTop(place, answer, nowSeconds);
}

/** What an answer that refuses the offset says, or an empty one behind rows that were served. */
export function pastCap(place: V1Place): V1Step {
  if (place.isWindowed) return giveUpSecond(place, 0);
  return { ...END, cutSeconds: place.open ? [place.second] : [], isCapped: true };
}

function takeHead(answer: readonly PlacedRow[], nowSeconds: number): V1Step {
  const oldest = oldestOf(answer);
  const taken = answer.filter((row) => row.tsSeconds > oldest);
  if (taken.length === 0 && !isSettled(oldest, nowSeconds))
    return { ...END, taken: answer, next: belowOf(oldest), cutSeconds: [oldest] };
  return { ...END, taken, next: windowOf(oldest) };
}

/** The upstream does not know windows: this answer, like all that follow, is of the moving head. */
function withoutWindow(place: V1Place, answer: readonly PlacedRow[], nowSeconds: number): V1Step {
  const atHead: V1Place = { ...windowOf(place.second), isSeen: place.isSeen, isWindowed: false };
  if (place.offset === 0) return takeFromTop(atHead, answer, nowSeconds);
  if (!place.open) return { ...END, next: atHead };
  return { ...END, next: { ...belowOf(place.second), isWindowed: false }, cutSeconds: [place.second] };
}

function takeFromTop(place: V1Place, answer: readonly PlacedRow[], nowSeconds: number): V1Step {
  const { second, offset } = place;
  // The page was asked for with one row above the second; without it, rows have gone and the second's may be above.
  const [first] = answer;
  if (offset > 0 && first && first.tsSeconds <= second)
    return idle(place, answer, Math.max(0, offset - answer.length));
  const wanted = answer.filter((row) => row.tsSeconds <= second);
  // What was seen and left out must be there: an answer without it proves nothing about what is older.
  if (place.isSeen && !wanted.some((row) => row.tsSeconds === second))
    return idle(place, answer, wanted.length > 0 ? offset : offset + answer.length - 1);
  if (wanted.length > 0) return takeWanted(place, answer, wanted, nowSeconds);
  // Nothing but the one row above: no older row exists.
  return answer.length === 1 ? END : idle(place, answer, offset + answer.length - 1);
}

/** Behind rows that were given already, inside a second that is larger than an answer. */
function goOn(place: V1Place, open: RowRun, answer: readonly PlacedRow[], nowSeconds: number): V1Step {
  const at = findRun(answer, open);
  if (at === null) return giveUpSecond(place, answer.length);
  const fresh = answer.slice(at + open.rows);
  if (fresh.length > 0) return takeWanted(place, answer, fresh, nowSeconds);
  // An answer that begins with the known rows and ends with them is the feed's end; another is a page again.
  return at === 0 ? END : pastCap(place);
}

function takeWanted(
  place: V1Place,
  answer: readonly PlacedRow[],
  wanted: readonly PlacedRow[],
  nowSeconds: number,
): V1Step {
  const oldest = oldestOf(wanted);
  if (oldest < place.second) {
    const taken = wanted.filter((row) => row.tsSeconds > oldest);
    if (place.isWindowed) return { ...END, taken, next: windowOf(oldest) };
    const above = answer.findIndex((row) => row.tsSeconds === oldest);
    const offset = Math.max(0, place.offset + above - 1);
    return { ...END, taken, next: { ...windowOf(oldest), isWindowed: false, offset } };
  }
  if (!isSettled(place.second, nowSeconds)) return { ...giveUpSecond(place, answer.length), taken: wanted };
  const open = runAtEnd(answer);
  const offset = place.offset + answer.length - open.rows;
  return { ...END, taken: wanted, next: { ...place, offset, open, idlePages: 0 } };
}

/** The rest of the second cannot be read: the walk goes on below it. */
function giveUpSecond(place: V1Place, answerRows: number): V1Step {
  const below = belowOf(place.second);
  const next = place.isWindowed
    ? below
    : { ...below, isWindowed: false, offset: Math.max(0, place.offset + answerRows - 1) };
  return { ...END, next, cutSeconds: [place.second] };
}

function idle(place: V1Place, answer: readonly PlacedRow[], offset: number): V1Step {
  const idlePages = place.idlePages + 1;
  if (idlePages <= IDLE_PAGES_MAX) return { ...END, next: { ...place, offset, idlePages } };
  if (!place.isWindowed) return { ...END, isCapped: true };
  if (!place.isSeen || offset > 0) return giveUpSecond(place, answer.length);
  throw new PolytapeError("operating", "cursor_refused", "A second that v1 has shown is there no longer.", {
    facts: { reason: "a second that was shown is gone", ts_seconds: place.second },
  });
}

/** Where a page begins whose first second the last one showed and left out. */
function windowOf(second: number): V1Place {
  return { second, isSeen: true, isWindowed: true, offset: 0, open: null, idlePages: 0 };
}

/** Where a page begins below a second: nobody knows whether there is anything. */
function belowOf(second: number): V1Place {
  return { ...windowOf(Math.max(0, second - 1)), isSeen: false };
}

/** The window's second and the one after it, of which an inclusive `end` shows rows too. */
function isSettled(second: number, nowSeconds: number): boolean {
  return second + 1 <= nowSeconds - SETTLED_AFTER_SECONDS;
}

function oldestOf(rows: readonly PlacedRow[]): number {
  return rows.reduce((oldest, row) => Math.min(oldest, row.tsSeconds), Number.POSITIVE_INFINITY);
}

function runAtEnd(answer: readonly PlacedRow[]): RowRun {
  const rows = Math.max(1, Math.min(RUN_ROWS_MAX, Math.floor(answer.length / 2)));
  return { rows, digest: digestOf(answer.slice(-rows)) };
}

/** Where the rows stand in an answer; null when nowhere, or when equal rows leave it open. */
function findRun(answer: readonly PlacedRow[], run: RowRun): number | null {
  const places = Array.from({ length: Math.max(0, answer.length - run.rows + 1) }, (_, at) => at).filter(
    (at) => digestOf(answer.slice(at, at + run.rows)) === run.digest,
  );
  return places.length === 1 ? (places[0] ?? null) : null;
}

function digestOf(rows: readonly PlacedRow[]): string {
  const hash = createHash("sha256");
  for (const { key } of rows) hash.update(key).update("\n");
  return hash.digest("base64url").slice(0, 22);
}
