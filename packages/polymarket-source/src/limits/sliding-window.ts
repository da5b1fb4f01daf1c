import type { EpochMs } from "@polytape/market-model";

export interface SlidingWindow {
  /** The first moment, not before `nowMs`, at which one more request keeps the limit. */
  earliest(nowMs: EpochMs): EpochMs;
  /** Takes a place at a moment that `earliest` gave. */
  take(atMs: EpochMs): void;
  /** The upstream throttled a request that was sent at `sentAtMs`. */
  slowDown(nowMs: EpochMs, sentAtMs: EpochMs): void;
  /** Nothing may be sent before this moment (`Retry-After`). */
  pauseUntil(untilMs: EpochMs): void;
  /** Requests that may be sent per window now. */
  allowed(nowMs: EpochMs): number;
}

/** A throttled window keeps at least this part of its limit, so that it notices when the upstream recovers. */
const FLOOR = 0.05;
/** Each quiet window gives this part of the full limit back: 10 windows from nothing to all. */
const RECOVERY_PER_WINDOW = 0.1;

/**
 * A sliding log of sends: exact, where a token bucket would let twice the limit into one window. The
 * allowed number falls to half of what was really sent when the upstream throttles and grows back slowly,
 * because the documented limit is not the only one (others behind the same address, protection in front).
 */
export function slidingWindow(limit: number, lengthMs: number): SlidingWindow {
  const full = Math.max(1, Math.floor(limit));
  let sends: EpochMs[] = [];
  let notBeforeMs = 0;
  let slowed = { allowed: full, atMs: 0 };

  const allowed = (nowMs: EpochMs): number => {
    const recovered = ((nowMs - slowed.atMs) / lengthMs) * RECOVERY_PER_WINDOW * full;
    return Math.min(full, Math.floor(slowed.allowed + Math.max(0, recovered)));
  };

  return {
    allowed,
    earliest(nowMs) {
      const oldestThatCounts = sends.at(-allowed(nowMs));
      const placeFreeMs = oldestThatCounts === undefined ? 0 : oldestThatCounts + lengthMs;
      return Math.max(nowMs, notBeforeMs, placeFreeMs, sends.at(-1) ?? 0);
    },
    take(atMs) {
      sends.push(atMs);
      if (sends.length > 2 * full) sends = sends.slice(-full);
    },
    slowDown(nowMs, sentAtMs) {
      // Several requests of one burst are one throttling, not several.
      if (sentAtMs < slowed.atMs) return;
      const sent = sends.filter((atMs) => atMs > nowMs - lengthMs && atMs <= nowMs).length;
      const halved = Math.floor(Math.min(allowed(nowMs), sent) / 2);
      slowed = { allowed: Math.max(1, Math.ceil(full * FLOOR), halved), atMs: nowMs };
    },
    pauseUntil(untilMs) {
      notBeforeMs = Math.max(notBeforeMs, untilMs);
    },
  };
}
