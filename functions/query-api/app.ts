import { type ApiKeyRecord, withoutKeys } from "@polytape/api-access";
import { errorFacts, type Facts, type HttpRequest, textResponse } from "@polytape/function-runtime";
import { type Context, Hono, type MiddlewareHandler } from "hono";
import { accepts } from "hono/accepts";
import type { SharedParts } from "./api-parts.ts";
import { contractPages } from "./contract/contract-pages.ts";
import type { Page } from "./contract/pages.ts";
import { ANSWER_FORMATS, formatOfType } from "./http/answer-format.ts";
import { checkKey, limitHeaders, overLimit } from "./http/api-key-check.ts";
import { crossOrigin } from "./http/cross-origin.ts";
import { entityTag } from "./http/entity-tag.ts";
import { errorAnswer, errorResponse } from "./http/error-response.ts";
import { notModified } from "./http/not-modified.ts";
import { requestIdOf } from "./http/request-id.ts";
import type { Route } from "./http/route.ts";
import { withinDeadline } from "./http/within-deadline.ts";
import { getCandles } from "./routes/get-candles/route.ts";
import { getCoverage } from "./routes/get-coverage/route.ts";
import { getHealth } from "./routes/get-health/route.ts";
import { getMarket } from "./routes/get-market/route.ts";
import { getMe } from "./routes/get-me/route.ts";
import { getOrderbook } from "./routes/get-orderbook/route.ts";
import { getStatus } from "./routes/get-status/route.ts";
import { listMarkets } from "./routes/list-markets/route.ts";
import { listTrades } from "./routes/list-trades/route.ts";

/** Every endpoint there is. */
export const routes: readonly Route[] = [
  listMarkets,
  getMarket,
  listTrades,
  getOrderbook,
  getCandles,
  getCoverage,
  getMe,
  getStatus,
  getHealth,
];

/** The pages are whole in themselves: nothing may be loaded or run. */
const PAGE_HEADERS = {
  "cache-control": "public, max-age=300",
  "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'",
};

type Env = { Variables: { requestId: string; caller: ApiKeyRecord | null } };

/** The whole service as one function of a request: name it → authenticate → limit → route → one error responder. */
export function createApp(api: SharedParts): (request: HttpRequest) => Response | Promise<Response> {
  const app = new Hono<Env>();
  app.use(nameRequest, sayLimits(api), crossOrigin);
  app.use("/v1/*", admit(api));
  app.use(notModified);
  for (const route of routes) {
    app.get(route.path.replaceAll(/\{(\w+)\}/g, ":$1"), (context) => answer(api, route, context));
    app.all(route.path.replaceAll(/\{(\w+)\}/g, ":$1"), refuseMethod);
  }
  for (const page of contractPages) {
    let made: { text: string; etag: string } | null = null;
    app.get(page.path, () => {
      made ??= pageOf(page, api.rules.version);
      const headers = { ...PAGE_HEADERS, "content-type": page.contentType, etag: made.etag };
      return textResponse(made.text, { headers });
    });
    app.all(page.path, refuseMethod);
  }
  app.notFound((context) =>
    errorAnswer("not_found", "There is no such endpoint: /docs lists them.", context.get("requestId")),
  );
  app.onError((error, context) => {
    const response = errorResponse(error, context.get("requestId"));
    if (response.status >= 500)
      api.log.error("failed", {
        request_id: context.get("requestId"),
        ...withoutKeysIn({ path: context.req.path, ...errorFacts(error) }),
      });
    return response;
  });
  // Hono reads no more of it than a middleware or a route asks for, and none asks for a body.
  return (request) => app.fetch(request as Request);
}

function pageOf(page: Page, version: string): { text: string; etag: string } {
  const text = page.text(routes, version);
  return { text, etag: entityTag(page.contentType, text) };
}

const nameRequest: MiddlewareHandler<Env> = async (context, next) => {
  context.set("requestId", requestIdOf(context.req.header("x-request-id")));
  context.set("caller", null);
  await next();
  context.res.headers.set("x-request-id", context.get("requestId"));
};

/** Every answer carries the RateLimit headers, also those that nobody is charged for. */
function sayLimits(api: SharedParts): MiddlewareHandler<Env> {
  return async (context, next) => {
    await next();
    if (context.res.headers.has("ratelimit-limit")) return;
    for (const [name, value] of Object.entries(limitHeaders(api.gate.uncounted)))
      context.res.headers.set(name, value);
  };
}

/** Lets a request in, or ends it; every answer to a known key says how its limits stand. */
function admit(api: SharedParts): MiddlewareHandler<Env> {
  return async (context, next) => {
    const nowMs = api.now();
    const requestId = context.get("requestId");
    const caller = checkKey(api.gate, context.req.header("x-api-key"), nowMs, requestId);
    if (caller instanceof Response) return caller;
    const admission = api.gate.admit(caller, nowMs);
    const refused = overLimit(admission, requestId);
    context.set("caller", caller);
    if (refused) context.res = refused;
    else await next();
    for (const [name, value] of Object.entries(limitHeaders(admission.state)))
      context.res.headers.set(name, value);
    return undefined;
  };
}

function answer(api: SharedParts, route: Route, context: Context<Env>): Promise<Response> {
  const caller = context.get("caller");
  const request = {
    parts: context.req.param(),
    search: new URL(context.req.url).searchParams,
    accepted: formatOfType(
      accepts(context, {
        header: "Accept",
        supports: Object.values(ANSWER_FORMATS),
        default: ANSWER_FORMATS.json,
      }),
    ),
    caller,
  };
  const respond = (signal: AbortSignal) => route.respond({ ...api, ...api.readersFor(signal) }, request);
  if (caller === null) return respond(NEVER);
  return withinDeadline(
    (signal) =>
      route.asks === "nothing" ? respond(signal) : api.turns.take(caller.id, () => respond(signal), signal),
    api.rules.queryTimeoutMs,
  );
}

/** What is public has bounds of its own, and something to say when they are reached (`store-health.ts`). */
const NEVER = new AbortController().signal;

/** A path or an error may hold a key that somebody put into the wrong place. */
function withoutKeysIn(facts: Facts): Facts {
  return Object.fromEntries(
    Object.entries(facts).map(([name, fact]) => [name, typeof fact === "string" ? withoutKeys(fact) : fact]),
  );
}

function refuseMethod(context: Context<Env>): Response {
  return errorAnswer(
    "method_not_allowed",
    "Only GET and HEAD: this service is read-only.",
    context.get("requestId"),
    {
      allow: "GET, HEAD",
    },
  );
}
