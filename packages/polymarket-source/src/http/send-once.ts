import ky, { TimeoutError } from "ky";
import { type Attempt, classify, type FailedAttempt } from "./classify.ts";
import { type BodyText, readBody } from "./read-body.ts";

/** One request to one of the upstream's hosts. */
export interface UpstreamRequest {
  readonly baseUrl: string;
  /** Without a leading slash. */
  readonly path: string;
  /** In order; a name may repeat. */
  readonly query?: readonly (readonly [name: string, value: string])[];
  /** Sent as JSON by POST; absent for GET. */
  readonly body?: unknown;
}

export interface SendPlatform {
  readonly now: () => number;
  readonly fetch: typeof globalThis.fetch;
  readonly signal: AbortSignal | undefined;
  readonly timeoutMs: number;
}

/** A page of 100 markets with their events is about 1 MiB; what is far beyond is not an answer to us. */
export const RESPONSE_BYTES_MAX = 32 * 1024 * 1024;

/** Sends a request once and tells what came of it; the timeout covers head and body together. */
export async function sendOnce(request: UpstreamRequest, platform: SendPlatform): Promise<Attempt> {
  const startedMs = performance.now();
  let response: Response | null = null;
  let body: BodyText;
  try {
    response = await ky(request.path, kyOptions(request, platform));
    body = await readBody(response, {
      bytesMax: RESPONSE_BYTES_MAX,
      timeoutMs: platform.timeoutMs - (performance.now() - startedMs),
      signal: platform.signal,
    });
  } catch (cause) {
    const status = response?.status ?? null;
    return { ...without(status, "unavailable", brokenReason(cause, status)), cause };
  }
  if ("fault" in body)
    return without(response.status, body.fault === "too large" ? "malformed" : "unavailable", body.fault);

  const arrived = {
    status: response.status,
    contentType: response.headers.get("content-type") ?? "",
    retryAfter: response.headers.get("retry-after"),
    text: body.text,
  };
  return classify(arrived, platform.now());
}

function brokenReason(cause: unknown, status: number | null): string {
  if (cause instanceof TimeoutError) return "timeout";
  return status === null ? "no answer" : "the body broke off";
}

function kyOptions(request: UpstreamRequest, platform: SendPlatform) {
  return {
    prefixUrl: request.baseUrl,
    searchParams: new URLSearchParams(
      (request.query ?? []).map(([name, value]): [string, string] => [name, value]),
    ),
    method: request.body === undefined ? "get" : "post",
    ...(request.body === undefined ? {} : { json: request.body }),
    ...(platform.signal ? { signal: platform.signal } : {}),
    headers: { accept: "application/json", "user-agent": "polytape" },
    timeout: platform.timeoutMs,
    fetch: platform.fetch,
    // Tries are made by the caller: here a broken body and an HTML page are failures too.
    retry: 0,
    throwHttpErrors: false,
  };
}

function without(status: number | null, kind: FailedAttempt["kind"], reason: string): FailedAttempt {
  return { kind, status, reason, isJson: false, retryAfterMs: null };
}
