import { PolytapeError } from "@polytape/market-model";

/** Every code an answer can carry, with its status and what it means: the one table of this edge. */
export const API_ERRORS = {
  invalid_parameter: {
    status: 400,
    meaning: "A parameter is unknown, missing, given twice or out of bounds.",
  },
  invalid_cursor: { status: 400, meaning: "The cursor was altered, or belongs to another question." },
  page_too_deep: { status: 400, meaning: "page × limit is over 10,000: go on with cursors." },
  range_too_wide: { status: 400, meaning: "The question would cost too much; the message says the bound." },
  amount_too_large: { status: 400, meaning: "A sum is too large to be exact; ask for less." },
  unknown_outcome: { status: 400, meaning: "The market has no such outcome, or several of that name." },
  key_missing: { status: 401, meaning: "The request has no X-API-Key." },
  key_invalid: { status: 401, meaning: "The key is mistyped, unknown or revoked." },
  key_expired: { status: 401, meaning: "The key's time is over." },
  not_found: { status: 404, meaning: "There is no such endpoint." },
  market_not_found: { status: 404, meaning: "Neither the catalogue nor the tape knows this market." },
  book_not_found: { status: 404, meaning: "No book of this outcome is kept for that moment." },
  method_not_allowed: { status: 405, meaning: "Only GET and HEAD." },
  rate_limited: { status: 429, meaning: "More requests a second than the key allows." },
  daily_cap_reached: { status: 429, meaning: "The key's requests of this UTC day are used up." },
  internal: { status: 500, meaning: "A mistake on our side." },
  store_unavailable: { status: 503, meaning: "The store does not answer; try again." },
  server_busy: { status: 503, meaning: "Too many questions wait already; try again." },
  auth_unavailable: { status: 503, meaning: "Keys have not been read yet; try again." },
  query_timeout: {
    status: 504,
    meaning: "The question took longer than this service gives one; it was given up. Ask for less.",
  },
} as const;

export type ApiErrorCode = keyof typeof API_ERRORS;

/** A refusal of a request, to be thrown: the message is read by the user. */
export function refusal(code: ApiErrorCode, message: string): PolytapeError {
  return new PolytapeError(API_ERRORS[code].status < 500 ? "input" : "operating", code, message);
}

export function isApiErrorCode(code: string): code is ApiErrorCode {
  return Object.hasOwn(API_ERRORS, code);
}
