import { Client, errors } from "@opensearch-project/opensearch";
import type { PolytapeError } from "@polytape/market-model";
import type { StoreSettings } from "../market-store.ts";
import { storeRefusal, storeUnavailable } from "../store-errors.ts";

export interface StoreRequest {
  readonly method: "GET" | "PUT" | "POST" | "DELETE" | "HEAD";
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean>>;
  /** Sent as JSON. */
  readonly body?: Readonly<Record<string, unknown>>;
  /** Sent as it is, one JSON value a line. */
  readonly lines?: Buffer;
  /** Error statuses that the caller reads itself. */
  readonly accept?: readonly number[];
  /** Sent once: whoever asks repeats it, made anew. */
  readonly once?: boolean;
  /** In place of the settings' one: work on whole indices may take longer than any question. */
  readonly timeoutMs?: number;
}

export interface StoreAnswer {
  readonly status: number;
  /** Still to be read by a schema. */
  readonly body: unknown;
}

/** One server or cluster behind the official client: its pool, authentication, TLS and timeouts. */
export interface StoreConnection {
  /** Throws `store_unavailable` without an answer (or 502 to 504), else what `RefusalCode` names. */
  request(request: StoreRequest): Promise<StoreAnswer>;
  /**
   * The same connection, whose requests are given up when the signal fires and then throw `store_unavailable`:
   * each closes its socket, by which the server knows that nobody waits, and cancels the search.
   */
  cancelledBy(signal: AbortSignal): StoreConnection;
  close(): Promise<void>;
}

/** Repeats that the client makes at once, on another server where there are several. */
const RETRIES_MAX = 2;

/** Connects when first asked. */
export function connectStore(settings: StoreSettings): StoreConnection {
  const client = new Client({
    nodes: [...settings.urls],
    ...(settings.user !== undefined && {
      auth: { username: settings.user, password: settings.password ?? "" },
    }),
    ...(settings.certificateAuthority !== undefined && { ssl: { ca: settings.certificateAuthority } }),
    requestTimeout: settings.timeoutMs,
    maxRetries: RETRIES_MAX,
    // A second scan of every answer, which this package reads by schemas in any case.
    disablePrototypePoisoningProtection: true,
  });

  return connectionOf(client, null);
}

function connectionOf(client: Client, signal: AbortSignal | null): StoreConnection {
  return {
    async request({ method, path, query, body, lines, accept, once, timeoutMs }) {
      try {
        signal?.throwIfAborted();
        const underway = client.transport.request(
          {
            method,
            path,
            ...(query && { querystring: { ...query } }),
            ...(body && { body }),
            ...(lines !== undefined && { bulkBody: lines }),
          },
          {
            ignore: [...(accept ?? [])],
            ...(once && { maxRetries: 0 }),
            ...(timeoutMs !== undefined && { requestTimeout: timeoutMs }),
          },
        );
        const answer = await abortedBy(signal, underway);
        return { status: answer.statusCode ?? 0, body: answer.body };
      } catch (error) {
        throw troubleOf(error, `${method} ${path}`);
      }
    },
    cancelledBy: (other) => connectionOf(client, signal ? AbortSignal.any([signal, other]) : other),
    close: () => client.close(),
  };
}

async function abortedBy<T>(
  signal: AbortSignal | null,
  underway: Promise<T> & { abort(): void },
): Promise<T> {
  // Not returned: it is a promise that fails, and listeners of signals must not hand one back.
  const abort = () => {
    underway.abort();
  };
  signal?.addEventListener("abort", abort, { once: true });
  try {
    return await underway;
  } finally {
    signal?.removeEventListener("abort", abort);
  }
}

function troubleOf(error: unknown, request: string): PolytapeError {
  if (error instanceof errors.TimeoutError) return storeUnavailable(error, { request, timed_out: true });
  if (!(error instanceof errors.ResponseError)) return storeUnavailable(error, { request });
  const status = error.statusCode ?? 0;
  if (status >= 502 && status <= 504) return storeUnavailable(error, { request, status });
  const reason = error.message.slice(0, 500);
  // A log line says the reason of the facts in place of our sentence, and behind a refused login stands none.
  const facts = status === 401 ? { request, status } : { request, status, reason };
  return storeRefusal("a request", { status, reason }, facts, error);
}
