import { z } from "zod";
import { API_ERRORS, type ApiErrorCode } from "../http/api-error.ts";
import { errorEnvelope } from "../http/error-response.ts";
import type { Route } from "../http/route.ts";

/** Codes that every endpoint with a key can answer, whatever it does. */
const EVERYWHERE: readonly ApiErrorCode[] = [
  "invalid_parameter",
  "key_missing",
  "key_invalid",
  "key_expired",
  "method_not_allowed",
  "rate_limited",
  "daily_cap_reached",
  "internal",
  "store_unavailable",
  "server_busy",
  "auth_unavailable",
  "query_timeout",
];

const LIMIT_HEADERS = {
  "RateLimit-Limit": "Requests of the limit that is tighter now: the token bucket's or the day's.",
  "RateLimit-Remaining": "What is left of it.",
  "RateLimit-Reset": "Seconds until it is whole again.",
};

/** Lists without what is beside their rows, which is then in headers. */
const ROWS_ALONE = {
  "text/csv": { schema: { type: "string", description: "Rows by RFC 4180 with a heading." } },
  "application/x-ndjson": { schema: { type: "string", description: "One row a line, as JSON." } },
};

const LIST_HEADERS = {
  Link: 'Where the list goes on: <?…>; rel="next".',
  "X-Answer": "Of CSV and NDJSON: what the answer says beside its rows, as JSON.",
  "X-Coverage-Complete": "Of CSV and NDJSON: true, false or unknown.",
  "X-Truncated-By": "Of CSV and NDJSON: why the answer covers less than the question.",
};

type Json = Record<string, unknown>;

/** The contract as OpenAPI 3.1, made of the very schemas that validate and type the routes. */
export function openApiDocument(routes: readonly Route[], version: string): Json {
  const schemas: Json = {};
  const error = schemaOf(errorEnvelope, "output", schemas);
  return {
    openapi: "3.1.0",
    info: {
      title: "polytape",
      version,
      license: { name: "MIT", identifier: "MIT" },
      description:
        "Markets, trades, order books and candles of Polymarket, read-only. Every answer says whether it is complete, up to when, and why not. Times are RFC 3339 in UTC; ranges include from and exclude to.",
    },
    servers: [
      { url: "/", description: "At the edge, and on the local profile" },
      { url: "/function/query-api", description: "Through the gateway" },
    ],
    security: [{ key: [] }],
    paths: Object.fromEntries(
      routes.map((route) => [route.path, { get: operationOf(route, schemas, error) }]),
    ),
    components: {
      securitySchemes: { key: { type: "apiKey", in: "header", name: "X-API-Key" } },
      schemas,
    },
  };
}

/** All codes a route can answer. */
export function refusalsOf(route: Route): ApiErrorCode[] {
  const everywhere =
    route.access === "key" ? EVERYWHERE : (["invalid_parameter", "method_not_allowed", "internal"] as const);
  return [...route.refusals, ...everywhere];
}

function operationOf(route: Route, schemas: Json, error: unknown): Json {
  const answer = schemaOf(route.answer, "output", schemas);
  return {
    operationId: route.name,
    summary: route.summary,
    description: route.description,
    ...(route.access === "public" ? { security: [] } : {}),
    parameters: [...parametersOf(route.parts, "path"), ...parametersOf(route.query, "query")],
    responses: {
      200: {
        description: route.summary,
        headers: headersOf(route),
        content: {
          "application/json": { schema: answer },
          ...(route.list && ROWS_ALONE),
        },
      },
      304: { description: "What If-None-Match names is still what the answer would say." },
      ...refusalAnswers(route, error, answer),
    },
  };
}

function headersOf(route: Route): Json {
  const headers = {
    "X-Request-Id": "Name it when asking about this answer.",
    ETag: "Of answers that are not expected to change any more.",
    ...LIMIT_HEADERS,
    ...(route.list && LIST_HEADERS),
  };
  return Object.fromEntries(
    Object.entries(headers).map(([name, description]) => [
      name,
      { description, schema: { type: Object.hasOwn(LIMIT_HEADERS, name) ? "integer" : "string" } },
    ]),
  );
}

function refusalAnswers(route: Route, error: unknown, answer: unknown): Json {
  const byStatus = new Map<number, string[]>();
  for (const code of refusalsOf(route)) {
    const { status, meaning } = API_ERRORS[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), `\`${code}\`: ${meaning}`]);
  }
  // The health check answers its own body when something is away.
  const away = { "application/json": { schema: answer } };
  const own =
    route.name === "get-health"
      ? { 503: { description: "Something is away: the body says what.", content: away } }
      : {};
  const answers = [...byStatus].map(([status, lines]) => [
    status,
    { description: lines.join("\n"), content: { "application/json": { schema: error } } },
  ]);
  return { ...Object.fromEntries(answers), ...own };
}

function parametersOf(schema: z.ZodObject, place: "path" | "query"): Json[] {
  const { properties = {}, required = [] } = jsonSchema.parse(z.toJSONSchema(schema, { io: "input" }));
  return Object.entries(properties).map(([name, { description, ...property }]) => ({
    name,
    in: place,
    required: required.includes(name),
    ...(description === undefined ? {} : { description }),
    schema: property,
  }));
}

const jsonSchema = z.object({
  properties: z.record(z.string(), z.looseObject({ description: z.string().optional() })).optional(),
  required: z.array(z.string()).optional(),
});

/** A schema with its named parts moved to the components; one that is itself named comes as a reference. */
function schemaOf(schema: z.ZodType, io: "input" | "output", schemas: Json): Json {
  const { $schema: _, $defs = {}, ...rest } = z.toJSONSchema(schema, { io, override: withoutId });
  for (const [name, part] of Object.entries($defs)) schemas[name] = moved(part);
  return asObject(moved(rest));
}

function withoutId({ jsonSchema }: { jsonSchema: { id?: string | undefined } }): void {
  delete jsonSchema.id;
}

/** References point into the components instead of the schema's own definitions. */
function moved(schema: unknown): unknown {
  return JSON.parse(JSON.stringify(schema).replaceAll('"#/$defs/', '"#/components/schemas/'));
}

function asObject(value: unknown): Json {
  return z.record(z.string(), z.unknown()).parse(value);
}
