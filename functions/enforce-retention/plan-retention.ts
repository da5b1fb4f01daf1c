import { DAY_MS, type EpochMs, keptFrom } from "@polytape/market-model";
import type { EventIndex, IndexInventory } from "@polytape/market-store";

export interface RetentionRule {
  /** 0: nothing is ever due. */
  readonly retentionDays: number;
  readonly nowMs: EpochMs;
  /** Somebody has looked: neither a clock ahead of the data nor a large share holds the run back. */
  readonly confirmed: boolean;
}

export interface RetentionPlan {
  /** The first moment that is kept, a UTC midnight; null: everything is. */
  readonly keptFromMs: EpochMs | null;
  /** How far the own clock is ahead of the newest stored event, by which the run went instead. */
  readonly behindClockMs: number;
  /** Oldest first; what holds nothing last. */
  readonly due: readonly EventIndex[];
  /** So much is due at once that it looks like a mistake; nothing is to be deleted. */
  readonly isTooMuch: boolean;
  /** Bytes that the next seven days will free, tomorrow first. */
  readonly nextDaysBytes: readonly number[];
  /** Indices of days that have not begun, by the own clock. */
  readonly inTheFuture: readonly string[];
}

const NEXT_DAYS = 7;
/** A week that was missed, and the day of the run itself, are never too much. */
const DAYS_ALWAYS_DUE_MAX = 8;
const SHARE_MAX = 0.5;
const KINDS: readonly EventIndex["kind"][] = ["trades", "candles", "books"];

/**
 * What is due by event time: an index goes when everything in it happened before the first day that is kept,
 * however young the index is. Time is the earlier of the own clock and the newest stored event, because a clock
 * that runs ahead would make everything old, and the venue's does not. (decision 0015)
 */
export function planRetention(inventory: IndexInventory, rule: RetentionRule): RetentionPlan {
  const { indices, newestEventMs } = inventory;
  const { retentionDays, nowMs, confirmed } = rule;
  const inTheFuture = indices.filter((index) => startsAfter(index, nowMs)).map(({ name }) => name);
  const referenceMs = confirmed ? nowMs : Math.min(nowMs, newestEventMs ?? -Infinity);
  const behindClockMs = newestEventMs === null ? 0 : Math.max(nowMs - newestEventMs, 0);
  const keptFromMs = referenceMs === -Infinity ? null : keptFrom(retentionDays, referenceMs);
  // Nothing happened in them, so that no time can keep them.
  const empty = retentionDays === 0 ? [] : indices.filter(isEmptyAndRolled);
  if (keptFromMs === null)
    return {
      keptFromMs,
      behindClockMs,
      due: empty,
      isTooMuch: false,
      nextDaysBytes: Array.from({ length: NEXT_DAYS }, () => 0),
      inTheFuture,
    };
  const old = indices.filter((index) => !index.isWritten && endsBy(index, keptFromMs));
  return {
    keptFromMs,
    behindClockMs,
    due: [...old, ...empty],
    isTooMuch: !confirmed && isTooMuch(indices, old, keptFromMs),
    nextDaysBytes: Array.from({ length: NEXT_DAYS }, (_, day) =>
      bytesOf(
        indices.filter(
          (index) =>
            !index.isWritten &&
            endsBy(index, keptFromMs + (day + 1) * DAY_MS) &&
            !endsBy(index, keptFromMs + day * DAY_MS),
        ),
      ),
    ),
    inTheFuture,
  };
}

/** An index of books that is no longer written to and holds nothing: one that is rolled by its age may. */
export function isEmptyAndRolled({ kind, endsMs, documents, isWritten }: EventIndex): boolean {
  return kind === "books" && endsMs === null && documents === 0 && !isWritten;
}

export function bytesOf(indices: readonly EventIndex[]): number {
  return indices.reduce((sum, { bytes }) => sum + bytes, 0);
}

function endsBy({ endsMs }: EventIndex, atMs: EpochMs): boolean {
  return endsMs !== null && endsMs <= atMs;
}

function startsAfter({ kind, endsMs }: EventIndex, nowMs: EpochMs): boolean {
  return kind === "trades" && endsMs !== null && endsMs - DAY_MS > nowMs;
}

/**
 * More than half of one kind goes at once, and the oldest of it ended so long ago that a missed week does not explain
 * it. Each kind by itself, because there may be one of them only: a book index a week, and no day of trades.
 */
function isTooMuch(indices: readonly EventIndex[], due: readonly EventIndex[], keptFromMs: EpochMs): boolean {
  return KINDS.some((kind) => {
    const ends = due.flatMap((index) => (index.kind === kind ? [index.endsMs ?? keptFromMs] : []));
    const all = indices.filter((index) => index.kind === kind && !isEmptyAndRolled(index));
    const overdueMs = keptFromMs - Math.min(...ends);
    return ends.length > SHARE_MAX * all.length && overdueMs >= DAYS_ALWAYS_DUE_MAX * DAY_MS;
  });
}
