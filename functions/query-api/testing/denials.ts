/** Whom no route with a key lets in, and what they are told: asked in this process and through the gateway. */
export const denials = [
  { caller: "nobody", status: 401, code: "key_missing" },
  { caller: "a typo", status: 401, code: "key_invalid" },
  { caller: "a key that nobody issued", status: 401, code: "key_invalid" },
  { caller: "a revoked key", status: 401, code: "key_invalid" },
  { caller: "an expired key", status: 401, code: "key_expired" },
  { caller: "a key over its rate", status: 429, code: "rate_limited" },
  { caller: "a key over its daily cap", status: 429, code: "daily_cap_reached" },
] as const;

export type DeniedCaller = (typeof denials)[number]["caller"];

/** What every denial carries, whoever is denied. */
export function headersOfDenial(headers: Headers, status: number) {
  return {
    hasRequestId: headers.has("x-request-id"),
    remaining: headers.get("ratelimit-remaining"),
    hasLimit: Number(headers.get("ratelimit-limit")) > 0,
    hasRetryAfter: Number(headers.get("retry-after")) > 0,
    ...(status === 401 ? { scheme: headers.get("www-authenticate") } : {}),
  };
}

export function expectedHeadersOfDenial(status: number) {
  return {
    hasRequestId: true,
    remaining: "0",
    hasLimit: status === 429,
    hasRetryAfter: status === 429 || status === 503,
    ...(status === 401 ? { scheme: 'ApiKey header="X-API-Key"' } : {}),
  };
}
