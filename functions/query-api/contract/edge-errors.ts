/**
 * Codes of what answers before the service does: the public edge (`deploy/Caddyfile`) and the gateway of the local
 * profile. A test of the house rules holds the three together.
 */
export const EDGE_ERRORS = {
  malformed_request: { status: "4xx", meaning: "The request cannot be read; mostly 400." },
  not_found: { status: "404", meaning: "There is no such address." },
  body_too_large: { status: "413", meaning: "The request's body is too large: the API reads none." },
  unsupported_encoding: {
    status: "415",
    meaning: "The character set or compression of the request's body is not supported.",
  },
  busy: { status: "429", meaning: "Too many requests of everybody are being answered at this moment." },
  internal: { status: "500", meaning: "Something before the service failed." },
  unavailable: { status: "502, 503", meaning: "The service stopped while it answered, or is being started." },
  timeout: { status: "504", meaning: "The service took too long to answer, and did not say so itself." },
} as const;

export const BEFORE_THE_SERVICE =
  "What answers before the service does (the edge, or the gateway of the local profile) speaks in the same envelope with `X-Request-Id`, but with codes of its own and without `RateLimit-*`. Headers over 16 KB get a bare 431.";
