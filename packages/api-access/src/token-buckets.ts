import { type EpochMs, SECOND_MS } from "@polytape/market-model";

/** How a limit stands, in the words of the `RateLimit-*` headers. */
export interface LimitState {
  readonly limit: number;
  readonly remaining: number;
  /** Until the limit is whole again. */
  readonly resetSeconds: number;
}

export interface TokenBuckets {
  /** Takes one token when there is one. `retryAfterSeconds` is null when it was taken. */
  take(keyId: string, rateRps: number, nowMs: EpochMs): LimitState & { retryAfterSeconds: number | null };
  /** How the bucket stands without taking anything. */
  look(keyId: string, rateRps: number, nowMs: EpochMs): LimitState;
}

/** A bucket holds one second's worth of tokens, at least one: after a pause that much may come at once. */
export function burstOf(rateRps: number): number {
  return Math.max(1, Math.ceil(rateRps));
}

/** One token bucket per key, filled continuously at the key's rate. Kept in memory only: a restart fills them. */
export function createTokenBuckets(): TokenBuckets {
  const buckets = new Map<string, { tokens: number; atMs: EpochMs }>();

  function filled(keyId: string, rateRps: number, nowMs: EpochMs): number {
    const burst = burstOf(rateRps);
    const bucket = buckets.get(keyId);
    if (!bucket) return burst;
    const elapsedMs = Math.max(0, nowMs - bucket.atMs);
    return Math.min(burst, bucket.tokens + (elapsedMs / SECOND_MS) * rateRps);
  }

  function stateOf(tokens: number, rateRps: number): LimitState {
    const limit = burstOf(rateRps);
    return {
      limit,
      remaining: Math.floor(tokens),
      resetSeconds: Math.ceil((limit - tokens) / rateRps),
    };
  }

  return {
    look: (keyId, rateRps, nowMs) => stateOf(filled(keyId, rateRps, nowMs), rateRps),
    take(keyId, rateRps, nowMs) {
      const tokens = filled(keyId, rateRps, nowMs);
      const taken = tokens >= 1;
      const left = taken ? tokens - 1 : tokens;
      buckets.set(keyId, { tokens: left, atMs: nowMs });
      const retryAfterSeconds = taken ? null : Math.max(1, Math.ceil((1 - left) / rateRps));
      return { ...stateOf(left, rateRps), retryAfterSeconds };
    },
  };
}
