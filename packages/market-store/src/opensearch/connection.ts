import { Client, errors } from "@opensearch-project/opensearch";
import type { PolytapeError } from "@polytape/market-model";
import type { StoreSettings } from "../market-store.ts";
import { storeRefused, storeUnavailable } from "../store-errors.ts";

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
}

export interface StoreAnswer {
  readonly status: number;
  /** Still to be read by a schema. */
  readonly body: unknown;
}

/** One server or cluster behind the official client: its pool, authentication, TLS and timeouts. */
export interface StoreConnection {
  /** Throws `store_unavailable` without an answer (or 502 to 504), `store_refused` for an error answer. */
  request(request: StoreRequest): Promise<StoreAnswer>;
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

  return {
    async request({ method, path, query, body, lines, accept, once }) {
      try {
        const answer = await client.transport.request(
          {
            method,
            path,
            ...(query && { querystring: { ...query } }),
            ...(body && { body }),
            ...(lines !== undefined && { bulkBody: lines }),
          },
          { ignore: [...(accept ?? [])], ...(once && { maxRetries: 0 }) },
        );
        return { status: answer.statusCode ?? 0, body: answer.body };
      } catch (error) {
        throw troubleOf(error, `${method} ${path}`);
      }
    },
    close: () => client.close(),
  };
}

function troubleOf(error: unknown, request: string): PolytapeError {
  if (error instanceof errors.TimeoutError) return storeUnavailable(error, { request, timed_out: true });
  if (!(error instanceof errors.ResponseError)) return storeUnavailable(error, { request });
  const status = error.statusCode ?? 0;
  if (status >= 502 && status <= 504) return storeUnavailable(error, { request, status });
  return storeRefused("a request", { request, status, reason: error.message.slice(0, 500) }, error);
}
