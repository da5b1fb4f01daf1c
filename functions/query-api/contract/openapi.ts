import { z } from "zod";
import { API_ERRORS, type ApiErrorCode } from "../http/api-error.ts";
import { errorEnvelope } from "../http/error-response.ts";
import type { Route } from "../http/route.ts";
import { BEFORE_THE_SERVICE, EDGE_ERRORS } from "./edge-errors.ts";
import { ANSWER_HEADERS, headersOf, plainHeaders, QUESTION_HEADERS } from "./openapi-headers.ts";

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

/** Lists without what is beside their rows, which is then in headers. */
const ROWS_ALONE = {
  "text/csv": { schema: { type: "string", description: "Rows by RFC 4180 with a heading." } },
  "application/x-ndjson": { schema: { type: "string", description: "One row a line, as JSON." } },
};

type Json = Record<string, unknown>;

const DESCRIPTION = `Markets, trades, order books and candles of Polymarket, read-only. Every answer says whether it is complete, up to when, and why not. Times are RFC 3339 in UTC; ranges include from and exclude to.

HEAD is answered as GET is, without the body. Lists come in the media type that \`Accept\` or \`format\` asks for.

${BEFORE_THE_SERVICE} ${Object.entries(EDGE_ERRORS)
  .map(([code, { status, meaning }]) => `\`${code}\` (${status}): ${meaning}`)
  .join(" ")}`;

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
      description: DESCRIPTION,
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
      parameters: QUESTION_HEADERS,
      headers: ANSWER_HEADERS,
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
    parameters: [
      ...parametersOf(route.parts, "path"),
      ...parametersOf(route.query, "query"),
      ...Object.keys(QUESTION_HEADERS).map((name) => ({ $ref: `#/components/parameters/${name}` })),
    ],
    responses: {
      200: {
        description: route.summary,
        headers: headersOf(route, 200),
        content: {
          "application/json": { schema: answer },
          ...(route.list && ROWS_ALONE),
        },
      },
      304: {
        description: "What If-None-Match names is still what the answer would say.",
        headers: headersOf(route, 304),
      },
      ...refusalAnswers(route, error, answer),
    },
  };
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
      ? {
          503: {
            description: "Something is away: the body says what.",
            headers: plainHeaders,
            content: away,
          },
        }
      : {};
  const answers = [...byStatus].map(([status, lines]) => [
    status,
    {
      description: lines.join("\n"),
      headers: headersOf(route, status),
      content: { "application/json": { schema: error } },
    },
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
