import { isKeyText, withoutKeys } from "@polytape/api-access";
import { httpUrl } from "@polytape/function-runtime";
import { PolytapeError } from "@polytape/market-model";
import ky from "ky";
import { z } from "zod";
import { readText } from "./read-text.ts";
import { pauseBeforeRetry } from "./retry.ts";

/** Where the API is and who asks. The key is checked by `openApiClient`, which does not repeat it. */
export const apiSettings = z.object({
  /** The edge, the local profile, or `…/function/query-api` of a gateway. */
  POLYTAPE_URL: httpUrl().optional(),
  /** The gateway, for whoever names only that. */
  OPENFAAS_URL: httpUrl().optional(),
  POLYTAPE_API_KEY: z.string().optional(),
});

export function apiUrl({ POLYTAPE_URL, OPENFAAS_URL }: z.output<typeof apiSettings>): string {
  return POLYTAPE_URL ?? (OPENFAAS_URL ? `${OPENFAAS_URL}/function/query-api` : "http://127.0.0.1:8080");
}

export type Query = Readonly<Record<string, string | undefined>>;

export interface ApiClient {
  /**
   * The JSON of a 200. Waits and asks again while the API says that it is too much or away, a bounded number
   * of times. Throws `api_refused` (input for a 400 or 404, else operating), `api_unavailable`,
   * `api_answer_invalid`.
   */
  get(path: string, query?: Query): Promise<unknown>;
}

export interface ApiClientParts {
  readonly url: string;
  readonly key: string | undefined;
  readonly tell: (line: string) => void;
  readonly fetch?: typeof globalThis.fetch;
  readonly pause?: (ms: number) => Promise<void>;
}

/** Longer than the API lets an answer take, body included. */
const TIMEOUT_MS = 30_000;
const refusal = z.object({ error: z.object({ code: z.string(), message: z.string() }) });

/** Throws `api_key_invalid` (input) before anything is sent when the key is missing or mistyped. */
export function openApiClient({
  url,
  key,
  tell,
  fetch = globalThis.fetch,
  pause = pauseFor,
}: ApiClientParts): ApiClient {
  const checkedKey = requireKey(key);
  if (isOpenToOthers(url)) tell("The key travels unencrypted: use an https address.");

  async function send(path: string, query: Query): Promise<Response> {
    const given = Object.entries(query).filter((pair): pair is [string, string] => pair[1] !== undefined);
    return ky.get(path, {
      prefixUrl: url,
      searchParams: new URLSearchParams(given),
      headers: { "x-api-key": checkedKey, accept: "application/json", "user-agent": "polytape-cli" },
      // A redirect would carry the key to another host.
      redirect: "error",
      signal: AbortSignal.timeout(TIMEOUT_MS),
      timeout: false,
      retry: 0,
      throwHttpErrors: false,
      fetch,
    });
  }

  return {
    async get(path, query = {}) {
      for (let tries = 1; ; tries += 1) {
        const { response, text } = await attempt(() => send(path, query), url);
        if (response?.ok) return parseJson(text);
        const failure = failureOf(response, text, url);
        const pauseMs = pauseBeforeRetry(response, tries);
        if (pauseMs === null) throw failure;
        tell(`${failure.message} Waiting ${Math.ceil(pauseMs / 1_000)} s.`);
        await pause(pauseMs);
      }
    },
  };
}

/** On the own machine nobody listens; anywhere else plain http shows the key to whoever is in between. */
function isOpenToOthers(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol === "http:" && !/^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname);
}

function requireKey(key: string | undefined): string {
  if (key !== undefined && isKeyText(key)) return key;
  const fault = key ? "is not a key: check it for typos" : "is not set: put your key there";
  throw new PolytapeError("input", "api_key_invalid", `POLYTAPE_API_KEY ${fault}.`);
}

/** A connection that fails or breaks has no response; a body that is too large is an error of its own. */
async function attempt(
  send: () => Promise<Response>,
  url: string,
): Promise<{ response: Response | null; text: string }> {
  try {
    const response = await send();
    return { response, text: await readText(response, url) };
  } catch (error) {
    if (error instanceof PolytapeError) throw error;
    return { response: null, text: error instanceof Error ? error.message : String(error) };
  }
}

function failureOf(response: Response | null, text: string, url: string): PolytapeError {
  if (response === null)
    return new PolytapeError("operating", "api_unavailable", `The API cannot be reached at ${url}.`, {
      facts: { reason: withoutKeys(text) },
    });
  const said = refusal.safeParse(jsonOrNull(text));
  const message = said.success ? said.data.error.message : `The API answered ${response.status}.`;
  const kind = response.status === 400 || response.status === 404 ? "input" : "operating";
  return new PolytapeError(kind, "api_refused", withoutKeys(message), { facts: { status: response.status } });
}

function parseJson(text: string): unknown {
  const value = jsonOrNull(text);
  if (value !== null) return value;
  throw new PolytapeError(
    "operating",
    "api_answer_invalid",
    "What answered is no polytape API: check POLYTAPE_URL.",
  );
}

function jsonOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function pauseFor(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
