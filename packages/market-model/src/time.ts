/** Milliseconds since 1970-01-01T00:00:00Z. Every `…Ms` field that names a moment holds one. */
export type EpochMs = number;

export const SECOND_MS = 1_000;
export const MINUTE_MS = 60_000;
export const HOUR_MS = 3_600_000;
export const DAY_MS = 86_400_000;

/** The candle intervals that exist, smallest first. */
export const CANDLE_INTERVALS = ["1m", "5m", "1h"] as const;
export type CandleInterval = (typeof CANDLE_INTERVALS)[number];

export const CANDLE_INTERVAL_MS: Readonly<Record<CandleInterval, number>> = {
  "1m": MINUTE_MS,
  "5m": 5 * MINUTE_MS,
  "1h": HOUR_MS,
};

/** The start of the window of `lengthMs` (aligned to the epoch, UTC) that holds the moment. */
export function windowStart(atMs: EpochMs, lengthMs: number): EpochMs {
  return Math.floor(atMs / lengthMs) * lengthMs;
}

/** Whether a moment lies less than a while back. Not when it lies ahead: the clock was set back since. */
export function isWithin(atMs: EpochMs, nowMs: EpochMs, whileMs: number): boolean {
  return atMs <= nowMs && nowMs - atMs < whileMs;
}

/**
 * The first moment that is kept, a UTC midnight: today and so many whole days before it; null (0 days): everything is.
 * What deletes, what answers and what fills in go by this one. (decision 0015)
 */
export function keptFrom(retentionDays: number, atMs: EpochMs): EpochMs | null {
  return retentionDays === 0 ? null : windowStart(atMs, DAY_MS) - retentionDays * DAY_MS;
}

/** RFC 3339 with milliseconds, UTC. Throws a RangeError for what is no moment. */
export function toRfc3339(atMs: EpochMs): string {
  const startMs = windowStart(atMs, DAY_MS);
  const place = (startMs / DAY_MS) & (KNOWN_DAYS - 1);
  let day = knownDays[place];
  if (day?.startMs !== startMs) {
    day = { startMs, text: new Date(startMs).toISOString().slice(0, -13) };
    knownDays[place] = day;
  }
  const ms = Math.trunc(atMs - startMs);
  const seconds = Math.floor(ms / SECOND_MS);
  const minutes = Math.floor(seconds / 60);
  const ofDay = `${TWO_DIGITS[Math.floor(minutes / 60)]}:${TWO_DIGITS[minutes % 60]}:${TWO_DIGITS[seconds % 60]}`;
  return `${day.text}${ofDay}.${String(ms % SECOND_MS).padStart(3, "0")}Z`;
}

/** A power of two. */
const KNOWN_DAYS = 64;
/**
 * Answers name thousands of moments of few days, whose dates are the most of the work; those of markets alternate
 * between days, so that the last one alone would be the wrong one each time.
 */
const knownDays: { readonly startMs: EpochMs; readonly text: string }[] = [];
const TWO_DIGITS = Array.from({ length: 60 }, (_, n) => String(n).padStart(2, "0"));
