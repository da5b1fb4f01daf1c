import type { EpochMs } from "@polytape/market-model";
import { polymarketError } from "../wire/index.ts";
import { readRetryAfterMs } from "./retry-after.ts";

/** A try without a usable answer. `unavailable` and `throttled` are transient; the others would come out the same again. */
export interface FailedAttempt {
  readonly kind: "unavailable" | "throttled" | "refused" | "malformed";
  /** Null when no status arrived. */
  readonly status: number | null;
  readonly reason: string;
  /** Whether the API itself spoke: what stands before it answers with pages and plain text. */
  readonly isJson: boolean;
  readonly retryAfterMs: number | null;
  readonly cause?: unknown;
}

/** What one try came to. */
export type Attempt = { readonly kind: "answered"; readonly json: unknown } | FailedAttempt;

export interface ArrivedAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly retryAfter: string | null;
  readonly text: string;
}

/** Requests that came too early for the upstream: 425 is sent while the matching engine restarts. */
const TRANSIENT_4XX = new Set([408, 425]);
/** "Not implemented" stays so. */
const NOT_IMPLEMENTED = 501;
const REASON_LENGTH_MAX = 200;

/**
 * Tells what an answer means. HTML where JSON was due comes from the protection in front of the API, which
 * throttles that way under 200, 403 or 429; a 5xx page is an ordinary outage.
 */
export function classify(answer: ArrivedAnswer, nowMs: EpochMs): Attempt {
  const { status } = answer;
  const json = parseJson(answer.text);
  const html = answer.contentType.includes("text/html") || /^\s*</.test(answer.text);
  const failed = (kind: FailedAttempt["kind"], reason: string): FailedAttempt => ({
    kind,
    status,
    reason,
    isJson: json !== undefined,
    retryAfterMs: readRetryAfterMs(answer.retryAfter, json, nowMs),
  });

  if (status === 429) return failed("throttled", statedReason(json) ?? "too many requests");
  if (html && status < 500) return failed("throttled", "HTML where JSON was due");
  if (status === NOT_IMPLEMENTED) return failed("refused", statedReason(json) ?? "not implemented");
  if (status >= 500 || TRANSIENT_4XX.has(status))
    return failed("unavailable", statedReason(json) ?? "server error");
  if (status >= 300) return failed("refused", statedReason(json) ?? "refused");
  return json === undefined
    ? failed("unavailable", "the body is not whole JSON")
    : { kind: "answered", json };
}

/** Undefined when the text is not JSON (which has no such value). */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function statedReason(json: unknown): string | null {
  const outcome = polymarketError.safeParse(json);
  return outcome.success ? outcome.data.error.slice(0, REASON_LENGTH_MAX) : null;
}
