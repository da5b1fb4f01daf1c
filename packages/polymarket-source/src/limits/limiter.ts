import type { EpochMs } from "@polytape/market-model";
import {
  DOCUMENTED_LIMITS,
  ENDPOINT_LIMITS,
  type Endpoint,
  LIMIT_WINDOW_MS,
  type LimitName,
} from "./documented-limits.ts";
import { type SlidingWindow, slidingWindow } from "./sliding-window.ts";

export interface Limiter {
  /**
   * Takes the next free place and says when it is; null when it is more than `waitMaxMs` away (no place
   * is taken then, `earliest` says when there will be one).
   */
  reserve(endpoint: Endpoint, nowMs: EpochMs, waitMaxMs: number): EpochMs | null;
  earliest(endpoint: Endpoint, nowMs: EpochMs): EpochMs;
  /** Lowers the allowed rate of the endpoint's own window, and keeps quiet for `retryAfterMs` if it was told. */
  throttled(endpoint: Endpoint, nowMs: EpochMs, sentAtMs: EpochMs, retryAfterMs: number | null): void;
  allowed(endpoint: Endpoint, nowMs: EpochMs): number;
}

/** Keeps a caller's share of the documented limits, in the memory of one process. */
export function createLimiter(share: number): Limiter {
  const windows = new Map<LimitName, SlidingWindow>();

  function windowOf(name: LimitName): SlidingWindow {
    const known = windows.get(name);
    if (known) return known;
    const made = slidingWindow(DOCUMENTED_LIMITS[name] * share, LIMIT_WINDOW_MS);
    windows.set(name, made);
    return made;
  }
  const windowsOf = (endpoint: Endpoint) => ENDPOINT_LIMITS[endpoint].map(windowOf);
  const ownWindow = (endpoint: Endpoint) => windowOf(ENDPOINT_LIMITS[endpoint][0]);
  const earliest = (endpoint: Endpoint, nowMs: EpochMs) =>
    Math.max(...windowsOf(endpoint).map((window) => window.earliest(nowMs)));

  return {
    earliest,
    reserve(endpoint, nowMs, waitMaxMs) {
      const atMs = earliest(endpoint, nowMs);
      if (atMs - nowMs > waitMaxMs) return null;
      for (const window of windowsOf(endpoint)) window.take(atMs);
      return atMs;
    },
    throttled(endpoint, nowMs, sentAtMs, retryAfterMs) {
      ownWindow(endpoint).slowDown(nowMs, sentAtMs);
      if (retryAfterMs !== null) ownWindow(endpoint).pauseUntil(nowMs + retryAfterMs);
    },
    allowed: (endpoint, nowMs) => ownWindow(endpoint).allowed(nowMs),
  };
}
