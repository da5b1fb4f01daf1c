import { type EpochMs, PolytapeError } from "@polytape/market-model";
import type { Endpoint } from "../limits/documented-limits.ts";
import type { Limiter } from "../limits/limiter.ts";
import type { FailedAttempt } from "./classify.ts";
import { retryDelayMs } from "./retry-delay.ts";
import { sendOnce, type UpstreamRequest } from "./send-once.ts";

/** What a source takes from its surroundings; tests hand in their own. */
export interface SourcePlatform {
  readonly now: () => EpochMs;
  readonly random: () => number;
  /** Rejects when the signal aborts. */
  readonly sleep: (ms: number, signal: AbortSignal | undefined) => Promise<void>;
  readonly fetch: typeof globalThis.fetch;
  readonly signal: AbortSignal | undefined;
}

export interface UpstreamAnswer {
  readonly json: unknown;
  readonly receivedAtMs: EpochMs;
}

/** What the calls of one source came to so far. */
export interface UpstreamUse {
  /** Sent, tries included. */
  readonly requests: number;
  /** Of those, answered by "not so fast": 429, or HTML where JSON was due. */
  readonly throttled: number;
  /** Time that requests spent waiting, for a free place within the limits or before they were tried again, added up. */
  readonly waitedMs: number;
}

export interface Upstream {
  now(): EpochMs;
  use(): UpstreamUse;
  /** Throws as `PolymarketSource` says, `upstream_malformed` only for bodies beyond the size bound. */
  read(request: UpstreamRequest & { readonly endpoint: Endpoint }): Promise<UpstreamAnswer>;
}

/** The longest wait inside one call, for a free place or as the upstream asks; beyond it the caller decides. */
export const WAIT_MAX_MS = 15_000;

/** Sends requests within limits, with bounded tries of what is transient. */
export function createUpstream(
  bounds: { readonly timeoutMs: number; readonly triesMax: number },
  limiter: Limiter,
  platform: SourcePlatform,
): Upstream {
  const use = { requests: 0, throttled: 0, waitedMs: 0 };

  async function pause(ms: number, endpoint: string): Promise<void> {
    const sinceMs = platform.now();
    if (ms > 0) await platform.sleep(ms, platform.signal).catch(() => undefined);
    use.waitedMs += Math.max(0, platform.now() - sinceMs);
    if (platform.signal?.aborted) throw aborted(endpoint, platform.signal.reason);
  }

  async function waitForPlace(endpoint: Endpoint, label: string, triesDone: number): Promise<EpochMs> {
    const nowMs = platform.now();
    const atMs = limiter.reserve(endpoint, nowMs, WAIT_MAX_MS);
    if (atMs === null) {
      const retryAfterMs = limiter.earliest(endpoint, nowMs) - nowMs;
      throw failure(label, triesDone, {
        kind: "throttled",
        status: null,
        reason: "no free place within the limits",
        isJson: false,
        retryAfterMs,
      });
    }
    await pause(atMs - nowMs, label);
    return atMs;
  }

  return {
    now: platform.now,
    use: () => ({ ...use }),
    async read({ endpoint, ...request }) {
      const label = endpointLabel(request);
      for (let triesDone = 1; ; triesDone += 1) {
        const sentAtMs = await waitForPlace(endpoint, label, triesDone - 1);
        use.requests += 1;
        const attempt = await sendOnce(request, { ...platform, timeoutMs: bounds.timeoutMs });
        const nowMs = platform.now();
        if (attempt.kind === "throttled") use.throttled += 1;
        if (attempt.kind === "answered") return { json: attempt.json, receivedAtMs: nowMs };
        if (platform.signal?.aborted) throw aborted(label, platform.signal.reason);
        if (attempt.kind === "throttled") limiter.throttled(endpoint, nowMs, sentAtMs, attempt.retryAfterMs);
        if (!worthAnotherTry(attempt, triesDone, bounds.triesMax)) throw failure(label, triesDone, attempt);
        await pause(retryDelayMs(triesDone, attempt.retryAfterMs, platform.random), label);
      }
    },
  };
}

function worthAnotherTry(attempt: FailedAttempt, triesDone: number, triesMax: number): boolean {
  const transient = attempt.kind === "unavailable" || attempt.kind === "throttled";
  return transient && triesDone < triesMax && (attempt.retryAfterMs ?? 0) <= WAIT_MAX_MS;
}

/** Host and path without the query: cursors and ids would make every line different. */
function endpointLabel({ baseUrl, path, body }: UpstreamRequest): string {
  const { host, pathname } = new URL(baseUrl);
  return `${body === undefined ? "GET" : "POST"} ${host}${pathname.replace(/\/$/, "")}/${path}`;
}

const SENTENCES: Record<FailedAttempt["kind"], string> = {
  unavailable: "Polymarket did not give a whole answer",
  throttled: "Polymarket throttles us",
  refused: "Polymarket refused a request",
  malformed: "Polymarket's answer is beyond all bounds",
};

function failure(endpoint: string, tries: number, attempt: FailedAttempt): PolytapeError {
  const { kind, status, reason, isJson, retryAfterMs, cause } = attempt;
  return new PolytapeError("operating", `upstream_${kind}`, `${SENTENCES[kind]}: ${endpoint}: ${reason}.`, {
    facts: { endpoint, status, tries, reason, isJson, ...(retryAfterMs === null ? {} : { retryAfterMs }) },
    ...(cause === undefined ? {} : { cause }),
  });
}

function aborted(endpoint: string, cause: unknown): PolytapeError {
  return new PolytapeError("operating", "call_aborted", `A call was aborted by its caller: ${endpoint}.`, {
    facts: { endpoint },
    cause,
  });
}
