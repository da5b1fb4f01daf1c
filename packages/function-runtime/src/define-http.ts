import { randomUUID } from "node:crypto";
import type { z } from "zod";
import { readEnvironment } from "./environment.ts";
import { createLog, errorFacts, type Log } from "./log.ts";
import { type FunctionEvent, type FunctionHandler, METRICS_PATH } from "./open-faas.ts";
import { requestMetrics } from "./request-metrics.ts";
import { readSettings } from "./settings.ts";

export interface HttpDefinition<Shape extends z.ZodRawShape> {
  readonly name: string;
  readonly settings: z.ZodObject<Shape>;
  /** Builds the application once, when the process starts; must not wait for servers. */
  readonly open: (
    settings: z.output<z.ZodObject<Shape>>,
    log: Log,
  ) => (request: Request) => Response | Promise<Response>;
  /**
   * The pattern of the route that answers a request (`/v1/markets/{id}`), one of a few. When it is given, requests
   * are counted by it, and `GET /metrics` is answered here.
   */
  readonly routeOf?: (request: Request) => string;
}

/**
 * Makes a function of an HTTP application that speaks in `Request` and `Response`. Answers are text: the
 * template cannot send bytes. Settings are read at once; a fault stops the start.
 */
export function defineHttp<Shape extends z.ZodRawShape>(
  definition: HttpDefinition<Shape>,
  environment: Readonly<Record<string, string | undefined>> = readEnvironment(),
  log: Log = createLog(definition.name),
): FunctionHandler {
  const respond = definition.open(readSettings(definition.settings, environment), log);

  const metrics = definition.routeOf && requestMetrics(definition.name);

  async function answerOf(request: Request, method: string): Promise<Response> {
    const startedMs = performance.now();
    const observe = (status: number) => {
      const route = definition.routeOf?.(request) ?? "other";
      metrics?.observe({ method, route, status, tookMs: performance.now() - startedMs });
    };
    try {
      const response = await respond(request);
      observe(response.status);
      return response;
    } catch (error) {
      observe(500);
      throw error;
    }
  }

  return async (event, context) => {
    if (metrics && event.method === "GET" && event.path === METRICS_PATH) {
      const text = await metrics.text();
      return context.status(200).headers({ "content-type": metrics.contentType }).succeed(text);
    }
    try {
      const response = await answerOf(toRequest(event), event.method);
      const headers = Object.fromEntries(response.headers);
      return context
        .status(response.status)
        .headers(headers)
        .succeed(await response.text());
    } catch (error) {
      // Without the address: it may hold what should have been in a header.
      const requestId = randomUUID();
      log.error("failed", { request_id: requestId, method: event.method, ...errorFacts(error) });
      const body = {
        error: { code: "internal", message: "An unexpected error on our side." },
        request_id: requestId,
      };
      return context
        .status(500)
        .headers({ "content-type": "application/json", "x-request-id": requestId })
        .succeed(JSON.stringify(body));
    }
  };
}

/**
 * HEAD is asked as GET: the template leaves out the body, and tells the length and the tag of the one that there would be
 * (RFC 9110, 8.6: no other length may be told).
 */
function toRequest(event: FunctionEvent): Request {
  const headers = new Headers();
  for (const [name, value] of Object.entries(event.headers)) {
    for (const each of Array.isArray(value) ? value : [value])
      if (each !== undefined) headers.append(name, each);
  }
  const url = `http://function${event.path.startsWith("/") ? "" : "/"}${event.path}${queryText(event.query)}`;
  if (event.method === "GET" || event.method === "HEAD") return new Request(url, { headers });
  headers.delete("content-length");
  return new Request(url, { method: event.method, headers, body: bodyText(event.body) });
}

/**
 * The template hands on only what its parser made of the query, so it is spelled out again for validation to
 * refuse. One plain value comes as a string: a list of one, or an empty value, was written with brackets. A
 * longer list may be either, and is spelled as repeats of the name.
 */
function queryText(query: FunctionEvent["query"]): string {
  const search = new URLSearchParams();
  const add = (name: string, value: unknown): void => {
    if (Array.isArray(value) && value.length > 1) for (const each of value) add(name, each);
    else if (Array.isArray(value) && value.length === 1) add(`${name}[]`, value[0]);
    else if (value !== null && typeof value === "object") {
      const entries = Object.entries(value);
      if (entries.length === 0) search.append(`${name}[]`, "");
      for (const [key, each] of entries) add(`${name}[${key}]`, each);
    } else search.append(name, String(value ?? ""));
  };
  for (const [name, value] of Object.entries(query)) add(name, value);
  const text = search.toString();
  return text === "" ? "" : `?${text}`;
}

function bodyText(body: unknown): string {
  if (typeof body === "string") return body;
  if (Buffer.isBuffer(body)) return body.toString("utf8");
  return JSON.stringify(body ?? "");
}
