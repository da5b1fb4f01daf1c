import type { IncomingMessage } from "node:http";

/** Names and values in turn, as node's http takes and gives them. */
export type RawHeaders = readonly string[];

/** Headers that concern one connection only (RFC 9110, 7.6.1), framing and `Expect` included. */
const ONE_HOP = new Set([
  "connection",
  "expect",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

const BODY_METHODS = new Set(["POST", "PUT", "PATCH"]);

export interface CallMarks {
  readonly callId: string;
  /** Nanoseconds since 1970, as text. */
  readonly startTime: string;
}

export function carriesBody({ headers }: IncomingMessage): boolean {
  const length = headers["content-length"];
  return headers["transfer-encoding"] !== undefined || (length !== undefined && length !== "0");
}

/**
 * The request's headers as the function gets them. A body is sent on in chunks, without a content-length,
 * because the watchdog does so. What a client itself says of being forwarded is kept: not to be trusted.
 */
export function requestHeaders(request: IncomingMessage, marks: CallMarks): string[] {
  const { headers, socket } = request;
  const sent = withoutOneHop(request.rawHeaders, headers.connection, "content-length");
  if (carriesBody(request)) sent.push("Transfer-Encoding", "chunked");
  else if (BODY_METHODS.has(request.method ?? "")) sent.push("Content-Length", "0");
  if (headers["x-call-id"] === undefined) sent.push("X-Call-Id", marks.callId);
  sent.push("X-Start-Time", marks.startTime);
  if (headers["x-forwarded-for"] === undefined) {
    sent.push("X-Forwarded-For", `${socket.remoteAddress}:${socket.remotePort}`);
  }
  if (headers["x-forwarded-host"] === undefined && headers.host !== undefined) {
    sent.push("X-Forwarded-Host", headers.host);
  }
  sent.push("Connection", "keep-alive");
  return sent;
}

/** The answer's headers as the client gets them; a content type is never missing. */
export function answerHeaders(
  answer: IncomingMessage,
  request: IncomingMessage,
  marks: CallMarks,
  tookMs: number,
): string[] {
  const sent = withoutOneHop(answer.rawHeaders, answer.headers.connection);
  if (answer.headers["content-type"] === undefined) {
    sent.push("Content-Type", request.headers["content-type"] ?? "text/plain");
  }
  sent.push(...markHeaders(marks), "X-Duration-Seconds", (tookMs / 1_000).toFixed(6));
  return sent;
}

export function markHeaders({ callId, startTime }: CallMarks): string[] {
  return ["X-Call-Id", callId, "X-Start-Time", startTime];
}

function withoutOneHop(raw: RawHeaders, connection: string | undefined, alsoDropped = ""): string[] {
  const named = connection?.toLowerCase().split(/\s*,\s*/) ?? [];
  const kept: string[] = [];
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const name = raw[at] ?? "";
    const lower = name.toLowerCase();
    if (ONE_HOP.has(lower) || named.includes(lower) || lower === alsoDropped) continue;
    kept.push(name, raw[at + 1] ?? "");
  }
  return kept;
}
