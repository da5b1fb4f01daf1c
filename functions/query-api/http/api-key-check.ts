import type { AccessGate, Admission, ApiKeyRecord, KeyRefusal, LimitState } from "@polytape/api-access";
import type { EpochMs } from "@polytape/market-model";
import type { ApiErrorCode } from "./api-error.ts";
import { errorAnswer } from "./error-response.ts";

/** Unknown and revoked sound alike: nobody learns that a key once existed. */
const REFUSALS: Record<KeyRefusal, readonly [ApiErrorCode, string]> = {
  missing: ["key_missing", "Send your key in the header X-API-Key."],
  malformed: ["key_invalid", "This is no valid key. Check it for typos, or ask for a new one."],
  unknown: ["key_invalid", "This is no valid key. Check it for typos, or ask for a new one."],
  revoked: ["key_invalid", "This is no valid key. Check it for typos, or ask for a new one."],
  expired: ["key_expired", "This key's time is over. Ask for a new one."],
};

const OVER_LIMIT = {
  rate_limited: "More requests a second than your key allows.",
  daily_cap_reached: "Your key's requests of this UTC day are used up.",
} as const;

/** Without a key there is nothing to use up, and waiting brings nothing. */
const NO_QUOTA: LimitState = { limit: 0, remaining: 0, resetSeconds: 1 };

/** Who is asking, or the answer that ends the request. Touches nothing but memory. */
export function checkKey(
  gate: AccessGate,
  keyText: string | undefined,
  nowMs: EpochMs,
  requestId: string,
): ApiKeyRecord | Response {
  const check = gate.identify(keyText, nowMs);
  if (check.outcome === "accepted") return check.record;
  if (check.outcome === "not_read_yet")
    return errorAnswer("auth_unavailable", "Keys have not been read yet. Try again in a second.", requestId, {
      "retry-after": "1",
      ...limitHeaders(NO_QUOTA),
    });
  const [code, message] = REFUSALS[check.reason];
  return errorAnswer(code, message, requestId, {
    "www-authenticate": 'ApiKey header="X-API-Key"',
    ...limitHeaders(NO_QUOTA),
  });
}

/** Headers of every answer: to a known key, the tighter of token bucket and daily cap. */
export function limitHeaders(state: LimitState): Record<string, string> {
  return {
    "ratelimit-limit": String(state.limit),
    "ratelimit-remaining": String(state.remaining),
    "ratelimit-reset": String(state.resetSeconds),
  };
}

export function overLimit(admission: Admission, requestId: string): Response | null {
  if (admission.refusal === null) return null;
  const { refusal, retryAfterSeconds } = admission;
  return errorAnswer(refusal, `${OVER_LIMIT[refusal]} Try again in ${retryAfterSeconds} s.`, requestId, {
    "retry-after": String(retryAfterSeconds),
  });
}
