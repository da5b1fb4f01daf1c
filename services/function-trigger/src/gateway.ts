import { PolytapeError } from "@polytape/market-model";
import { readStart } from "./read-start.ts";
import {
  type MisannotatedFunction,
  readTriggeredFunctions,
  type TriggeredFunction,
} from "./triggered-function.ts";

export interface GatewaySettings {
  readonly url: string;
  readonly user: string;
  readonly password: string;
  readonly callTimeoutMs: number;
}

export interface FunctionCall {
  readonly functionName: string;
  readonly body: Uint8Array | string;
  readonly headers: Readonly<Record<string, string>>;
}

/** What came back; `status` null when no whole answer came, and `said` tells why. */
export interface CallAnswer {
  readonly status: number | null;
  /** False when there was no connection: nothing was called. */
  readonly reached: boolean;
  /** The start of the answer, for the log. */
  readonly said: string;
}

/** The OpenFaaS gateway as the trigger uses it. */
export interface Gateway {
  /** Throws `gateway_unavailable` (operating). */
  listTriggered(): Promise<{ triggered: TriggeredFunction[]; misannotated: MisannotatedFunction[] }>;
  /** Never throws: every failure is an answer to decide upon. */
  call(call: FunctionCall): Promise<CallAnswer>;
}

const LIST_TIMEOUT_MS = 5_000;
const LIST_BYTES_MAX = 4 * 1024 * 1024;
const SAID_BYTES_MAX = 300;

export function openGateway(settings: GatewaySettings): Gateway {
  const authorization = `Basic ${Buffer.from(`${settings.user}:${settings.password}`).toString("base64")}`;
  return {
    listTriggered: async () => {
      try {
        const response = await fetch(`${settings.url}/system/functions`, {
          headers: { authorization },
          signal: AbortSignal.timeout(LIST_TIMEOUT_MS),
        });
        const text = await readStart(response, LIST_BYTES_MAX);
        if (response.status !== 200) throw new Error(`status ${response.status}: ${text.slice(0, 100)}`);
        return readTriggeredFunctions(JSON.parse(text));
      } catch (cause) {
        throw new PolytapeError("operating", "gateway_unavailable", "The list of functions cannot be read.", {
          facts: { url: settings.url },
          cause,
        });
      }
    },
    call: async ({ functionName, body, headers }) => {
      try {
        const response = await fetch(`${settings.url}/function/${functionName}`, {
          method: "POST",
          headers: { "content-type": "application/json", ...headers },
          body,
          redirect: "manual",
          signal: AbortSignal.timeout(settings.callTimeoutMs),
        });
        return { status: response.status, reached: true, said: await readStart(response, SAID_BYTES_MAX) };
      } catch (error) {
        return { status: null, reached: !isUnconnected(error), said: describeFailure(error) };
      }
    },
  };
}

/** How the system, and the client where it gives up by itself, say that no connection was made. */
const UNCONNECTED: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
  "EAI_AGAIN",
  "UND_ERR_CONNECT_TIMEOUT",
]);

function isUnconnected(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : null;
  return cause instanceof Error && "code" in cause && UNCONNECTED.has(String(cause.code));
}

/** `fetch failed` says nothing; its cause does. */
function describeFailure(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}
