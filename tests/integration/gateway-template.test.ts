import { gzipSync } from "node:zlib";
import type { Gateway } from "@polytape/local/gateway";
import {
  buildGatewayPrograms,
  type GatewayFixture,
  type GatewayPrograms,
  gatewayFixture,
} from "@polytape/local/gateway/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";

/** What the stock node20 template does with a function, asked of the real gateway and real processes. */
const ECHO = `module.exports = async (event, context) => context
  .status(201)
  .headers({ "content-type": "application/json", "x-own": "yes" })
  .succeed(JSON.stringify({ ...event, body: Buffer.isBuffer(event.body) ? { bytes: event.body.length } : event.body }));`;

const CASES = `
const cases = {
  "/throws": () => { throw new Error("out of tape"); },
  "/fails": (context) => context.headers({ "x-own": "yes" }).fail("no luck"),
  "/fails-418": (context) => context.status(418).fail(new Error("teapot")),
  "/object": () => ({ a: 1 }),
  "/array": () => [1, 2],
  "/json": (context) => { context.headers({ "content-type": "application/json" }); return { a: 1 }; },
  "/text": () => "hello",
  "/buffer": (context) => context.succeed(Buffer.from("hi")),
  "/nothing": () => undefined,
  "/null": () => null,
  "/number": () => 7,
};
module.exports = async (event, context) => cases[event.path](context);`;

const CALLBACK = `module.exports = (event, context, callback) => { callback(undefined, { called: "back" }); };`;

let fixture: GatewayFixture;
let gateway: Gateway;
let programs: GatewayPrograms;

beforeAll(async () => {
  programs = await buildGatewayPrograms();
  fixture = gatewayFixture(
    {
      echo: { handler: ECHO, environment: { NODE_ENV: "production" } },
      "echo-large": { handler: ECHO, environment: { NODE_ENV: "production", MAX_JSON_SIZE: "1mb" } },
      "echo-raw": {
        handler: ECHO,
        environment: { NODE_ENV: "production", RAW_BODY: "true", MAX_RAW_SIZE: "1kb" },
      },
      cases: { handler: CASES },
      callback: { handler: CALLBACK },
    },
    { hostProgram: programs.functionHost },
  );
  gateway = await fixture.start();
});

afterAll(async () => {
  await gateway?.close();
  fixture?.remove();
  programs?.remove();
});

const eventSchema = z.object({
  body: z.unknown(),
  headers: z.record(z.string(), z.string()),
  method: z.string(),
  path: z.string(),
  query: z.record(z.string(), z.unknown()),
});
const eventOf = async (response: Response) => eventSchema.parse(await response.json());
const call = (path: string, init?: RequestInit) => fetch(`${gateway.url}/function/${path}`, init);
const post = (
  path: string,
  body: string | Uint8Array<ArrayBuffer>,
  contentType?: string,
  more: Record<string, string> = {},
) =>
  call(path, {
    method: "POST",
    body: new Blob([body]),
    headers: { ...(contentType === undefined ? {} : { "content-type": contentType }), ...more },
  });

test("hands over method, path, query and headers, and takes status and headers back", async () => {
  const response = await call("echo/v1/x%20y?a=1&a=2&b=", { method: "PUT", headers: { "x-asked": "1" } });
  const event = await eventOf(response);

  expect(response.status).toBe(201);
  expect(response.headers.get("x-own")).toBe("yes");
  expect(response.headers.get("content-type")).toContain("application/json");
  expect(event).toMatchObject({ method: "PUT", path: "/v1/x%20y", query: { a: ["1", "2"], b: "" } });
  expect(event.headers).toMatchObject({ "x-asked": "1", "content-type": "text/plain" });
});

test.each([
  ["echo", "/"],
  ["echo/", "/"],
  ["echo.openfaas-fn/deep/er/", "/deep/er/"],
  ["echo?path=/other", "/"],
])("%s reaches the function as %s", async (address, path) => {
  expect((await eventOf(await call(address))).path).toBe(path);
});

test.each(["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])("%s reaches the handler", async (method) => {
  expect((await eventOf(await call("echo", { method }))).method).toBe(method);
});

test("HEAD reaches the handler and has no body", async () => {
  const response = await call("echo", { method: "HEAD" });

  expect(response.status).toBe(201);
  expect(await response.text()).toBe("");
});

test.each([
  ["/throws", 200, "Error: out of tape", "text/html"],
  ["/fails", 500, "no luck", "text/html"],
  ["/fails-418", 418, "Error: teapot", "text/html"],
  ["/object", 200, `{"a":1}`, "text/html"],
  ["/array", 200, "[1,2]", "text/html"],
  ["/json", 200, `{"a":1}`, "application/json"],
  ["/text", 200, "hello", "text/html"],
  ["/buffer", 200, `{"type":"Buffer","data":[104,105]}`, "text/html"],
  ["/nothing", 200, "", "text/plain"],
  ["/null", 200, "", "text/plain"],
])("answers %s with %i and %j", async (path, status, text, type) => {
  const response = await call(`cases${path}`);

  expect(response.status).toBe(status);
  expect(await response.text()).toBe(text);
  expect(response.headers.get("content-type")).toContain(type);
  expect(response.headers.get("x-own")).toBeNull();
});

test("answers 200 with a RangeError to a handler that returns a number", async () => {
  const response = await call("cases/number");

  expect(response.status).toBe(200);
  expect(await response.text()).toContain("RangeError");
});

test("serves a handler that calls back", async () => {
  expect(await (await call("callback")).text()).toBe(`{"called":"back"}`);
});

test.each([
  ["text without a type", "hello", undefined, "hello"],
  ["text", "hello", "text/csv", "hello"],
  ["JSON", `{"a":[1]}`, "application/json", { a: [1] }],
  ["a form", "a=1&b[c]=2", "application/x-www-form-urlencoded", { a: "1", b: { c: "2" } }],
  ["another type", "\u0001\u0002", "application/octet-stream", {}],
])("parses %s as the template does", async (_, body, type, expected) => {
  expect((await eventOf(await post("echo", body, type))).body).toEqual(expected);
});

test("decodes a compressed body, and tells the function no length", async () => {
  const packed = new Uint8Array(gzipSync(`{"a":1}`));
  const event = await eventOf(await post("echo", packed, "application/json", { "content-encoding": "gzip" }));

  expect(event.body).toEqual({ a: 1 });
  expect(event.headers["content-length"]).toBeUndefined();
  expect(event.headers["transfer-encoding"]).toBe("chunked");
});

test.each([
  ["malformed JSON", "{", "application/json", 400],
  ["primitive JSON", `"text"`, "application/json", 400],
  ["latin1 JSON", "{}", "application/json; charset=latin1", 415],
  ["JSON over the limit", JSON.stringify({ a: "x".repeat(101 * 1024) }), "application/json", 413],
  ["text over 100 kB", "x".repeat(101 * 1024), "text/plain", 413],
])("refuses %s", async (_, body, type, status) => {
  const response = await post("echo", body, type);

  expect(response.status).toBe(status);
  expect(response.headers.get("content-type")).toContain("text/html");
  await response.text();
});

test("MAX_JSON_SIZE raises the limit of JSON and of nothing else", async () => {
  const body = "x".repeat(200 * 1024);

  expect((await post("echo-large", JSON.stringify({ body }), "application/json")).status).toBe(201);
  expect((await post("echo-large", body, "text/plain")).status).toBe(413);
});

test("RAW_BODY hands over bytes of any type up to MAX_RAW_SIZE", async () => {
  expect((await eventOf(await post("echo-raw", "{", "application/json"))).body).toEqual({ bytes: 1 });
  expect((await post("echo-raw", "x".repeat(1_025))).status).toBe(413);
});
