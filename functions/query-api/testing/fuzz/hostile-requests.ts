import fc from "fast-check";
import { z } from "zod";
import { routes } from "../../app.ts";
import type { Route } from "../../http/route.ts";
import { cursorQuestions } from "./hostile-cursors.ts";
import { headerText, hostileText, hostileTime, inAddress } from "./hostile-values.ts";
import type { World } from "./store-world.ts";

export interface HostileRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Record<string, string>;
}

const parameter = z.looseObject({
  type: z.string().optional(),
  enum: z.array(z.string()).optional(),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
  examples: z.array(z.string()).optional(),
});
const schemaOfParameters = z.object({ properties: z.record(z.string(), parameter).optional() });

/**
 * Requests that are sound but for something: addresses made of the routes' own schemas and of the store's real
 * names, so that many pass and reach the store, with garbage in any place.
 */
export function hostileRequests(
  world: World,
  cursors: readonly { path: string; cursor: string }[],
): fc.Arbitrary<HostileRequest> {
  const path = fc.oneof(
    {
      weight: 12,
      arbitrary: fc.oneof(
        ...routes.map((route) => ({
          weight: 4 + Object.keys(route.query.shape).length,
          arbitrary: addressOf(route, world),
        })),
      ),
    },
    { weight: 3, arbitrary: cursorQuestions(cursors) },
    { weight: 2, arbitrary: strangeAddress },
  );
  return fc.record({ method: anyMethod, path, headers: anyHeaders });
}

const anyMethod = fc.oneof(
  { weight: 12, arbitrary: fc.constant("GET") },
  { weight: 2, arbitrary: fc.constant("HEAD") },
  { weight: 2, arbitrary: fc.constantFrom("POST", "PUT", "DELETE", "PATCH", "OPTIONS", "PROPFIND") },
);

const anyHeaders = fc
  .record({
    accept: rarely(
      fc.oneof(
        fc.constantFrom(
          "text/csv",
          "application/x-ndjson",
          "*/*",
          "text/html",
          "text/csv;q=x, */*;q=-1",
          ",;,",
        ),
        headerText,
      ),
    ),
    "if-none-match": rarely(fc.oneof(fc.constantFrom("*", 'W/"x"', '"'), headerText)),
    "x-request-id": rarely(headerText),
    origin: rarely(headerText),
    "content-type": rarely(headerText),
  })
  .map((headers) =>
    Object.fromEntries(
      Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
    ),
  );

function rarely(value: fc.Arbitrary<string>): fc.Arbitrary<string | undefined> {
  return fc.option(value, { nil: undefined, freq: 2 }).map((each) => (each === "" ? undefined : each));
}

const strangeAddress = fc.oneof(
  fc.constantFrom(
    ...[
      "/",
      "//",
      "/v1",
      "/v1/",
      "/v1//trades",
      "/v1/trades/",
      "/V1/trades",
      "/v1/%74rades",
      "/v1/trades%00",
    ],
    ...[
      "/v1/../health",
      "/v1/%2e%2e/health",
      "/%2e%2e/%2e%2e/etc/passwd",
      "/v1/trades;x=1",
      "/v1/markets/",
      "/*",
    ],
    ...["/docs", "/llms.txt", "/openapi.json", "/docs/", "/openapi.json?x=1", "/v1/%", "/v1/%ff", "/.env"],
  ),
  fc.array(inAddress(hostileText), { maxLength: 4 }).map((parts) => `/v1/${parts.join("/")}`),
);

/** An address of a route: most parameters are well-formed, so that the odd one out decides. */
function addressOf(route: Route, world: World): fc.Arbitrary<string> {
  const parts = Object.keys(route.parts.shape);
  const path = fc
    .tuple(...parts.map(() => valueFor("market_id", {}, world)))
    .map((values) =>
      values.reduce((text, value, place) => text.replace(`{${parts[place]}}`, () => value), route.path),
    );
  const { properties = {} } = schemaOfParameters.parse(z.toJSONSchema(route.query, { io: "input" }));
  const pairs = Object.entries(properties).map(([name, schema]) =>
    fc.oneof(
      { weight: 2, arbitrary: fc.constant(null) },
      {
        weight: FAVOURED.has(name) ? 16 : 1,
        arbitrary: valueFor(name, schema, world).map((value) => `${name}=${value}`),
      },
    ),
  );
  const known = fc.tuple(...pairs).map((all) => all.filter((pair) => pair !== null));
  const extra = fc.oneof(
    { weight: 20, arbitrary: fc.constant<string[]>([]) },
    {
      weight: 1,
      arbitrary: fc.tuple(inAddress(hostileText), inAddress(hostileText)).map(([a, b]) => [`${a}=${b}`]),
    },
    { weight: 1, arbitrary: fc.constantFrom(...Object.keys(properties), "x").map((name) => [`${name}=1`]) },
  );
  return fc
    .tuple(path, known, extra)
    .map(([address, pairs, more]) =>
      [address, [...pairs, ...more].join("&")].filter((part) => part !== "").join("?"),
    );
}

/** Without them most questions end at once. */
const FAVOURED = new Set(["market_id", "outcome", "interval"]);

function valueFor(name: string, schema: z.output<typeof parameter>, world: World): fc.Arbitrary<string> {
  const sound = fc.oneof(...soundValues(name, schema, world)).map(encodeURIComponent);
  return fc.oneof(
    { weight: 28, arbitrary: sound },
    { weight: 1, arbitrary: inAddress(hostileTime) },
    { weight: 1, arbitrary: inAddress(hostileText) },
  );
}

function soundValues(
  name: string,
  { enum: values, type, minimum = 0, maximum = 0, examples = [] }: z.output<typeof parameter>,
  { marketIds, outcomes, moments }: World,
): fc.Arbitrary<string>[] {
  if (values) return [fc.constantFrom(...values)];
  if (type === "integer")
    return [
      fc.integer({ min: minimum, max: maximum }).map(String),
      fc.integer({ min: 1, max: 20 }).map(String),
    ];
  if (name === "market_id") return [fc.constantFrom(...marketIds)];
  if (name === "outcome") return [fc.constantFrom(...outcomes)];
  if (["from", "to", "at"].includes(name)) return [fc.constantFrom(...moments), hostileTime];
  if (name === "aggregates")
    return [
      fc.shuffledSubarray(["volume", "vwap", "n", "notional"], { minLength: 1 }).map((names) => names.join()),
    ];
  if (name === "q")
    return [
      fc.constantFrom("rain", "tomorrow rain", "ünï", "0"),
      fc.string({ unit: "binary", minLength: 1, maxLength: 200 }),
    ];
  return examples.length > 0 ? [fc.constantFrom(...examples)] : [hostileText];
}
