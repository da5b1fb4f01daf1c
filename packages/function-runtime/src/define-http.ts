import { randomUUID } from "node:crypto";
import type { z } from "zod";
import { readEnvironment } from "./environment.ts";
import { type HttpRequest, httpRequest } from "./http-request.ts";
import { createLog, errorFacts, type Log } from "./log.ts";
import { type FunctionHandler, METRICS_PATH } from "./open-faas.ts";
import { requestMetrics } from "./request-metrics.ts";
import { readSettings } from "./settings.ts";

export interface HttpDefinition<Shape extends z.ZodRawShape> {
  readonly name: string;
  readonly settings: z.ZodObject<Shape>;
  /** Builds the application once, when the process starts; must not wait for servers. */
  readonly open: (
    settings: z.output<z.ZodObject<Shape>>,
    log: Log,
  ) => (request: HttpRequest) => Response | Promise<Response>;
  /**
   * The pattern of the route that answers a request (`/v1/markets/{id}`), one of a few. When it is given, requests
   * are counted by it, and `GET /metrics` is answered here.
   */
  readonly routeOf?: (request: HttpRequest) => string;
}

/**
 * Makes a function of an HTTP application that answers reads with a `Response`. Answers are text: the
 * template cannot send bytes. Settings are read at once; a fault stops the start.
 */
export function defineHttp<Shape extends z.ZodRawShape>(
  definition: HttpDefinition<Shape>,
  environment: Readonly<Record<string, string | undefined>> = readEnvironment(),
  log: Log = createLog(definition.name),
): FunctionHandler {
  const respond = definition.open(readSettings(definition.settings, environment), log);

  const metrics = definition.routeOf && requestMetrics(definition.name);

  async function answerOf(request: HttpRequest, method: string): Promise<Response> {
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
      const response = await answerOf(httpRequest(event), event.method);
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
