import { expect } from "vitest";
import { contractPages } from "../contract/contract-pages.ts";
import { EDGE_ERRORS } from "../contract/edge-errors.ts";
import { refusalsOf } from "../contract/openapi.ts";
import { API_ERRORS, isApiErrorCode } from "../http/api-error.ts";
import { errorEnvelope } from "../http/error-response.ts";
import type { Route } from "../http/route.ts";
import { expectHeadersInOpenApi, expectInOpenApi } from "./openapi-check.ts";
import { routeOf } from "./route-of.ts";

interface Asked {
  readonly path: string;
  readonly method?: string | undefined;
}

/**
 * The answer of the service as it was given, after it has passed what the OpenAPI document says of this endpoint and
 * status: headers, media type, body. Every door by which tests ask the service ends with this.
 */
export async function byContract({ path, method = "GET" }: Asked, answer: Response): Promise<Response> {
  const { status, headers } = answer;
  const text = await answer.clone().text();
  const said = `${method} ${path} → ${status} ${text.slice(0, 300)}`;
  const { pathname } = new URL(`http://service${path}`);
  const route = routeOf(pathname);

  if (method === "OPTIONS") expect([status, text], said).toEqual([204, ""]);
  else if (route) expectHeadersInOpenApi(route.path, status, headers);
  else if (status < 400) expect(contractPages.map((page) => page.path)).toContain(pathname);

  if (method === "HEAD" || status === 304) expect(text, said).toBe("");
  else if (status >= 400) expectRefusal(route, answer, text, said);
  else if (route && mediaTypeOf(headers) === "application/json")
    expectInOpenApi(route.path, status, JSON.parse(text));
  return answer;
}

/** The function as the gateway serves it, at the edge's addresses and at its own. */
const AT_EDGE = /^\/(v1|health|docs|openapi\.json|llms\.txt)(?=$|[/?])/;
const AT_FUNCTION = /^\/function\/query-api(?=$|[/?])/;

/**
 * The same of an answer that came through the gateway, if the service gave it. What the gateway or the template says
 * in its place is in the envelope at the edge's addresses; other functions have other contracts.
 */
export async function byContractThroughGateway(asked: Asked, answer: Response): Promise<Response> {
  if (!AT_EDGE.test(asked.path) && !AT_FUNCTION.test(asked.path)) return answer;
  if (answer.headers.has("ratelimit-limit"))
    return byContract({ ...asked, path: asked.path.replace(AT_FUNCTION, "") }, answer);
  const said = `${asked.path} → ${answer.status}, not by the service`;
  if (AT_FUNCTION.test(asked.path)) {
    // The one page of every function that is not its own.
    if (!asked.path.endsWith("/metrics")) expect(answer.status, said).toBeGreaterThanOrEqual(400);
  } else if (asked.method !== "HEAD")
    expect(EDGE_ERRORS, said).toHaveProperty(envelopeOf(await answer.clone().text()).error.code);
  return answer;
}

function expectRefusal(
  route: Route | undefined,
  { status, headers }: Response,
  text: string,
  said: string,
): void {
  if (route) expectInOpenApi(route.path, status, JSON.parse(text));
  // The health check says in its own body what is away.
  if (route?.name === "get-health" && status === 503) return;
  const { error, request_id } = envelopeOf(text);
  expect(mediaTypeOf(headers), said).toBe("application/json");
  expect(request_id, said).toBe(headers.get("x-request-id"));
  expect(isApiErrorCode(error.code) && API_ERRORS[error.code].status, said).toBe(status);
  if (route) expect(refusalsOf(route), said).toContain(error.code);
}

function envelopeOf(text: string) {
  const body: unknown = JSON.parse(text);
  const envelope = errorEnvelope.parse(body);
  expect(envelope).toEqual(body);
  return envelope;
}

function mediaTypeOf(headers: Headers): string | undefined {
  return headers.get("content-type")?.split(";")[0];
}
