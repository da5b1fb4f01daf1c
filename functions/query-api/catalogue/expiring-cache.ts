import type { EpochMs } from "@polytape/market-model";

export interface ExpiringCache<Value> {
  /** Undefined when it was never there, is too old, or was pushed out. */
  get(key: string, nowMs: EpochMs): Value | undefined;
  set(key: string, value: Value, expiresAtMs: EpochMs): void;
}

/**
 * Remembers at most `entriesMax` values for a while; the one set longest ago makes room. A clock that is set back ends the
 * while of all: they would last until it has come to them again.
 */
export function createExpiringCache<Value>(entriesMax: number): ExpiringCache<Value> {
  const entries = new Map<string, { value: Value; expiresAtMs: EpochMs }>();
  let latestMs = Number.NEGATIVE_INFINITY;
  return {
    get(key, nowMs) {
      if (nowMs < latestMs) entries.clear();
      latestMs = nowMs;
      const entry = entries.get(key);
      return entry && nowMs < entry.expiresAtMs ? entry.value : undefined;
    },
    set(key, value, expiresAtMs) {
      entries.delete(key);
      entries.set(key, { value, expiresAtMs });
      const [oldest] = entries.keys();
      if (entries.size > entriesMax && oldest !== undefined) entries.delete(oldest);
    },
  };
}
