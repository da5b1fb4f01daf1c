import type { EpochMs } from "@polytape/market-model";
import { createKeyDirectory, type KeyCheck, type KeyDirectory } from "./key-directory.ts";
import type { ApiKeyRecord } from "./key-record.ts";
import { burstOf, createTokenBuckets, type LimitState } from "./token-buckets.ts";
import { createUsageLedger, secondsToMidnight, type UsageLedger } from "./usage-ledger.ts";

/** What holds for keys whose record names no limit of its own. */
export interface AccessLimits {
  readonly rateRps: number;
  readonly dailyCap: number;
}

export interface Admission {
  /** Null when the request may go on. */
  readonly refusal: "rate_limited" | "daily_cap_reached" | null;
  /** The tighter of token bucket and daily cap. */
  readonly state: LimitState;
  readonly retryAfterSeconds: number | null;
}

/** The door of the API: who is there, and whether there is room for one more request. */
export interface AccessGate {
  readonly keys: KeyDirectory;
  readonly usage: UsageLedger;
  /** Before keys and usage have been read once, no key can be judged: `not_read_yet`. */
  identify(keyText: string | undefined, nowMs: EpochMs): KeyCheck;
  /** Counts the request when it is admitted; a refused one costs nothing. */
  admit(record: ApiKeyRecord, nowMs: EpochMs): Admission;
  limitsOf(record: ApiKeyRecord): AccessLimits & { readonly burst: number };
  /** What stands in answers that cost nobody anything: the whole of the deployment's own rate. */
  readonly uncounted: LimitState;
}

export function createAccessGate(
  defaults: AccessLimits,
  onInvalidRecord?: (hash: string, reason: string) => void,
): AccessGate {
  const keys = createKeyDirectory(onInvalidRecord);
  const usage = createUsageLedger();
  const buckets = createTokenBuckets();

  const limitsOf = (record: ApiKeyRecord) => {
    const rateRps = record.rate_rps ?? defaults.rateRps;
    return { rateRps, dailyCap: record.daily_cap ?? defaults.dailyCap, burst: burstOf(rateRps) };
  };

  function admit(record: ApiKeyRecord, nowMs: EpochMs): Admission {
    const { rateRps, dailyCap } = limitsOf(record);
    const used = usage.usedOn(record.id, nowMs);
    const resetSeconds = secondsToMidnight(nowMs);
    if (used >= dailyCap) {
      const state = { limit: dailyCap, remaining: 0, resetSeconds };
      return { refusal: "daily_cap_reached", state, retryAfterSeconds: resetSeconds };
    }
    const { retryAfterSeconds, ...bucket } = buckets.take(record.id, rateRps, nowMs);
    if (retryAfterSeconds !== null) return { refusal: "rate_limited", state: bucket, retryAfterSeconds };
    usage.count(record.id, nowMs);
    const cap = { limit: dailyCap, remaining: dailyCap - used - 1, resetSeconds };
    return {
      refusal: null,
      // At a tie the cap: it binds for longer.
      state: cap.remaining <= bucket.remaining ? cap : bucket,
      retryAfterSeconds: null,
    };
  }

  return {
    keys,
    usage,
    identify: (keyText, nowMs) =>
      usage.isReady() ? keys.check(keyText, nowMs) : { outcome: "not_read_yet" },
    admit,
    limitsOf,
    uncounted: { limit: burstOf(defaults.rateRps), remaining: burstOf(defaults.rateRps), resetSeconds: 0 },
  };
}
