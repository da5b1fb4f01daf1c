import {
  type ClientRequest,
  type IncomingMessage,
  request as openRequest,
  type ServerResponse,
} from "node:http";
import type { RunningFunction } from "../functions/run-function.ts";
import type { Endpoint } from "../functions/start-host.ts";
import { answerHeaders, type CallMarks, carriesBody, requestHeaders } from "./call-headers.ts";
import { type Refusal, refuse, refuseInEnvelope } from "./refuse.ts";

/** Starts are tried again after a quarter of a second at first. */
const RESTARTED_WITHIN_S = "1";

export interface Call {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** The target as the function gets it. */
  readonly path: string;
  /** Came by an address of the edge: refusals are answered in the API's envelope. */
  readonly edge: boolean;
  readonly marks: CallMarks;
}

/**
 * Passes a call on to a function's process, body and answer streamed. Never answers twice and never tries
 * again: a call that was cut off may have had its effects.
 */
export function forwardCall(call: Call, target: RunningFunction): void {
  const endpoint = target.endpoint();
  if (endpoint === null) refuseCall(call, unreachable(call, target));
  else if (isFull(target)) refuseCall(call, { status: 429, text: "" });
  else passOn(call, target, endpoint);
}

function isFull({ inflightMax, calls }: RunningFunction): boolean {
  return inflightMax > 0 && calls.inflight >= inflightMax;
}

function passOn(call: Call, target: RunningFunction, endpoint: Endpoint): void {
  const startedMs = performance.now();
  const tookMs = () => performance.now() - startedMs;
  const upstream = openUpstream(call, endpoint);
  const deadline = setTimeout(() => {
    cutOff(call, { status: 504, text: "", headers: duration(tookMs()) });
    upstream.destroy();
  }, target.executionMs);

  target.calls.inflight += 1;
  target.calls.total += 1;
  call.response.once("close", () => {
    clearTimeout(deadline);
    target.calls.inflight -= 1;
    if (!call.response.writableFinished) upstream.destroy();
  });
  upstream.once("response", (answer) => relay(call, answer, tookMs()));
  upstream.on("error", (error: NodeJS.ErrnoException) => {
    const refusal =
      error.code === "ECONNREFUSED"
        ? unreachable(call, target)
        : { status: 502, text: "", headers: duration(tookMs()) };
    cutOff(call, refusal);
  });

  if (carriesBody(call.request)) call.request.pipe(upstream);
  else upstream.end();
}

export function refuseCall(call: Call, refusal: Refusal): void {
  (call.edge ? refuseInEnvelope : refuse)(call.response, refusal, call.marks);
}

function openUpstream({ request, path, marks }: Call, { port, agent }: Endpoint): ClientRequest {
  return openRequest({
    host: "127.0.0.1",
    port,
    agent,
    path,
    method: request.method ?? "GET",
    headers: requestHeaders(request, marks),
    setHost: false,
  });
}

function relay(call: Call, answer: IncomingMessage, tookMs: number): void {
  const { request, response, marks } = call;
  const status = answer.statusCode ?? 502;
  if (response.headersSent || response.destroyed) answer.resume();
  else if (call.edge && isOfTemplate(answer)) {
    answer.resume();
    refuseCall(call, { status, text: "", headers: duration(tookMs) });
  } else {
    answer.once("error", () => response.destroy());
    response.writeHead(status, answerHeaders(answer, request, marks, tookMs));
    answer.pipe(response);
  }
}

/** Only the template itself answers errors as HTML: a malformed body, one too large, a wrong encoding. */
function isOfTemplate({ statusCode = 0, headers }: IncomingMessage): boolean {
  return statusCode >= 400 && headers["content-type"]?.startsWith("text/html") === true;
}

/** An answer that has begun cannot be taken back: its connection is closed, so that it is seen to be cut. */
function cutOff(call: Call, refusal: Refusal): void {
  if (call.response.headersSent) call.response.destroy();
  else if (!call.response.destroyed) {
    call.request.unpipe();
    call.request.resume();
    refuseCall(call, refusal);
  }
}

/** OpenFaaS says 500 where nothing was called; an API's client is told that the same request may soon succeed. */
function unreachable({ edge }: Call, { staged }: RunningFunction): Refusal {
  if (edge) return { status: 503, text: "", headers: ["Retry-After", RESTARTED_WITHIN_S] };
  return { status: 500, text: `Can't reach service for: ${staged.spec.name}.` };
}

function duration(tookMs: number): string[] {
  return ["X-Duration-Seconds", (tookMs / 1_000).toFixed(6)];
}
