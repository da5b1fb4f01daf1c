import type { ServerResponse } from "node:http";
import { type CallMarks, markHeaders } from "./call-headers.ts";

/** Why a call has no answer of its function, in OpenFaaS's words or in those of the API's envelope. */
export interface Refusal {
  readonly status: number;
  /** What OpenFaaS answers; may be empty. */
  readonly text: string;
  readonly headers?: readonly string[];
}

/** Answers a call on behalf of OpenFaaS: plain text. */
export function refuse(response: ServerResponse, refusal: Refusal, marks: CallMarks): void {
  response.writeHead(refusal.status, [
    "Content-Type",
    "text/plain; charset=utf-8",
    "Content-Length",
    String(Buffer.byteLength(refusal.text)),
    ...markHeaders(marks),
    ...(refusal.headers ?? []),
  ]);
  response.end(refusal.text);
}

type Words = readonly [code: string, message: string];

const MALFORMED: Words = ["malformed_request", "The request cannot be read."];
const FAILED: Words = ["internal", "The API failed to answer."];

/** Statuses with which something before the API refuses a request, in the API's terms; others are one of those above. */
const ENVELOPE: Readonly<Record<number, Words>> = {
  404: ["not_found", "There is no such address."],
  413: ["body_too_large", "The request's body is too large."],
  415: ["unsupported_encoding", "The request's character set or compression is not supported."],
  429: ["busy", "Too many requests are being answered at this moment."],
  502: ["unavailable", "The API stopped while it was answering."],
  503: ["unavailable", "The API is not running at this moment; it is being started."],
  504: ["timeout", "The API took too long to answer."],
};

/** Answers a call at an edge address with the error envelope of the API, so that clients read one format. */
export function refuseInEnvelope(response: ServerResponse, refusal: Refusal, marks: CallMarks): void {
  const [code, message] = ENVELOPE[refusal.status] ?? (refusal.status < 500 ? MALFORMED : FAILED);
  const requestId = requestIdOf(response.req.headers["x-request-id"]) ?? marks.callId;
  const text = JSON.stringify({ error: { code, message }, request_id: requestId });
  response.writeHead(refusal.status, [
    "Content-Type",
    "application/json",
    "Content-Length",
    String(Buffer.byteLength(text)),
    "X-Request-Id",
    requestId,
    ...markHeaders(marks),
    ...(refusal.headers ?? []),
  ]);
  response.end(text);
}

/** The client's own id when it is harmless text, as the API reads it; null otherwise. */
function requestIdOf(given: string | string[] | undefined): string | null {
  return typeof given === "string" && /^[A-Za-z0-9._-]{1,64}$/.test(given) ? given : null;
}
