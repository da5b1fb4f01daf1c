import type { Route } from "../http/route.ts";

type Json = Record<string, unknown>;

/** What is on every answer; the platform's template puts an ETag where we put none. */
const ALWAYS = ["X-Request-Id", "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset", "ETag"];
/** What is beside the rows of a list. */
const OF_LISTS = ["Link", "X-Answer", "X-Coverage-Complete", "X-Truncated-By"];
/** What else an answer of a status carries. */
const BY_STATUS: Readonly<Record<number, readonly string[]>> = {
  401: ["WWW-Authenticate"],
  405: ["Allow"],
  429: ["Retry-After"],
  503: ["Retry-After"],
};

/** Headers of an answer of a route, as references to those below. */
export function headersOf(route: Pick<Route, "list">, status: number): Json {
  const lists = route.list && (status === 200 || status === 304) ? OF_LISTS : [];
  return references([...ALWAYS, ...(BY_STATUS[status] ?? []), ...lists]);
}

function references(names: readonly string[]): Json {
  return Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));
}

/** Of an answer that says nothing more in headers. */
export const plainHeaders = references(ALWAYS);

const text = { type: "string" };
const count = { type: "integer", minimum: 0 };

/** Those that are required are there wherever an answer names them. */
export const ANSWER_HEADERS: Json = {
  "X-Request-Id": { description: "Name it when asking about this answer.", required: true, schema: text },
  "RateLimit-Limit": {
    description: "Requests of the limit that is tighter now: the token bucket's or the day's.",
    ...{ required: true, schema: count },
  },
  "RateLimit-Remaining": { description: "What is left of it.", required: true, schema: count },
  "RateLimit-Reset": { description: "Seconds until it is whole again.", required: true, schema: count },
  "Retry-After": {
    description: "Seconds after which the same request may succeed.",
    ...{ required: true, schema: { type: "integer", minimum: 1 } },
  },
  Allow: { description: "Methods that are answered.", required: true, schema: { const: "GET, HEAD" } },
  "WWW-Authenticate": {
    description: "How to send the key.",
    ...{ required: true, schema: { const: 'ApiKey header="X-API-Key"' } },
  },
  ETag: {
    description:
      "Lasts for answers that are not expected to change any more; what the platform puts on others names that one answer.",
    schema: text,
  },
  Link: { description: 'Where the list goes on: <?…>; rel="next".', schema: text },
  "X-Answer": {
    description: "Of CSV and NDJSON: what the answer says beside its rows, as JSON.",
    schema: text,
  },
  "X-Coverage-Complete": {
    description: "Of CSV and NDJSON: whether the answer is proven complete.",
    schema: { enum: ["true", "false", "unknown"] },
  },
  "X-Truncated-By": {
    description: "Of CSV and NDJSON: why the answer covers less than the question.",
    schema: text,
  },
};

/** Headers that every question may carry beside the key. (`Accept` cannot be described so: the media types say it.) */
export const QUESTION_HEADERS: Json = {
  IfNoneMatch: {
    name: "If-None-Match",
    in: "header",
    description: "ETags of answers that are there already: 304 when the answer would be one of them.",
    schema: text,
  },
  RequestId: {
    name: "X-Request-Id",
    in: "header",
    description:
      "A name for this request, which its answer and our logs repeat. Another text is replaced by ours.",
    schema: { type: "string", pattern: "^[A-Za-z0-9._-]{1,64}$" },
  },
};
