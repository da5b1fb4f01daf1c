import { existsSync, readFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import type { Gateway } from "@polytape/local/gateway";
import {
  buildGatewayPrograms,
  CREDENTIALS,
  type GatewayFixture,
  type GatewayPrograms,
  gatewayFixture,
} from "@polytape/local/gateway/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";

/** The gateway's own addresses, what a function gets to see of its surroundings, and the edge. */
const SEES = `
const { readdirSync, readFileSync } = require("node:fs");
const { env } = process;
const folder = env.SECRETS_FOLDER;
module.exports = async (event) => ({
  path: event.path,
  query: event.query,
  headers: event.headers,
  environment: env,
  secrets: Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(folder + "/" + name, "utf8")])),
});`;

const sightSchema = z.object({
  path: z.string(),
  query: z.record(z.string(), z.unknown()),
  headers: z.record(z.string(), z.string()),
  environment: z.record(z.string(), z.string()),
  secrets: z.record(z.string(), z.string()),
});

const variable = (form: string) => `$\{${form}}`;

let fixture: GatewayFixture;
let gateway: Gateway;
let programs: GatewayPrograms;

beforeAll(async () => {
  programs = await buildGatewayPrograms();
  fixture = gatewayFixture(
    {
      sees: {
        handler: SEES,
        annotations: { topic: "tick.sees", schedule: "3000ms" },
        environment: {
          GREETING: variable("GREETING:-hello"),
          EMPTY: variable("EMPTY:-full"),
          PLAIN: variable("ABSENT"),
        },
        secrets: ["basic-auth-user"],
        memory: "192Mi",
      },
      "query-api": { handler: SEES, environment: { RAW_BODY: "true", MAX_RAW_SIZE: "1kb" } },
    },
    {
      hostProgram: programs.functionHost,
      environment: { PATH: "/usr/bin", GREETING: "good day", EMPTY: "", OF_THE_GATEWAY: "hidden" },
    },
  );
  gateway = await fixture.start();
});

afterAll(async () => {
  await gateway?.close();
  fixture?.remove();
  programs?.remove();
});

const ask = (path: string, init?: RequestInit) => fetch(gateway.url + path, { redirect: "manual", ...init });
const basic = (user: string, password: string) => ({
  authorization: `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`,
});
const allowed = { headers: basic(CREDENTIALS.user, CREDENTIALS.password) };
const sightOf = async (response: Response) => sightSchema.parse(await response.json());

/** Sends a target as it is; `fetch` would tidy it up first. */
function askExactly(path: string): Promise<{ status: number | undefined; location: string | undefined }> {
  const { hostname, port } = new URL(gateway.url);
  return new Promise((resolve, reject) => {
    request({ hostname, port, path }, (response) => {
      response.resume();
      resolve({ status: response.statusCode, location: response.headers.location });
    })
      .on("error", reject)
      .end();
  });
}

test("/healthz answers 200", async () => {
  expect((await ask("/healthz")).status).toBe(200);
});

test.each(["/function/absent", "/function/sees.another-namespace", "/function/", "/absent", "/"])(
  "%s answers 404 with a text",
  async (path) => {
    const response = await ask(path);

    expect(response.status).toBe(404);
    expect(await response.text()).not.toBe("");
  },
);

// Whoever opens the printed address in a browser begins at /.
test("an address that is nothing leads to the page of the API", async () => {
  for (const path of ["/", "/absent"]) expect(await (await ask(path)).text()).toContain("/docs");
});

test("/async-function answers 501", async () => {
  expect((await ask("/async-function/sees", { method: "POST" })).status).toBe(501);
});

test.each([
  ["/function//sees/x?a=1", "/function/sees/x?a=1"],
  ["/function/sees/../absent", "/function/absent"],
  ["/v1/./markets/", "/v1/markets/"],
])("%s is sent to %s", async (path, location) => {
  expect(await askExactly(path)).toEqual({ status: 301, location });
});

test.each([
  ["no credentials", {}],
  ["a wrong password", basic(CREDENTIALS.user, "guess")],
  ["a wrong user", basic("root", CREDENTIALS.password)],
  ["another scheme", { authorization: "Bearer x" }],
])("/system refuses %s", async (_, headers) => {
  const response = await ask("/system/functions", { headers });

  expect(response.status).toBe(401);
  expect(response.headers.get("www-authenticate")).toBe(`Basic realm="Restricted"`);
  expect(await response.text()).not.toContain("sees");
});

test("/system/functions lists what is deployed, with annotations and calls", async () => {
  const one = async () =>
    (await (await ask("/system/function/sees", allowed)).json()) as { invocationCount: number };
  const before = await one();
  await (await ask("/function/sees")).text();

  const list = await (await ask("/system/functions", allowed)).json();

  expect(list).toHaveLength(2);
  expect(list).toContainEqual({
    name: "sees",
    image: "fixture/sees:latest",
    namespace: "openfaas-fn",
    envProcess: "node index.js",
    secrets: ["basic-auth-user"],
    labels: {},
    annotations: { topic: "tick.sees", schedule: "3000ms" },
    replicas: 1,
    availableReplicas: 1,
    invocationCount: before.invocationCount + 1,
    createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
  });
  expect((await one()).invocationCount).toBe(before.invocationCount + 1);
});

test("/system/function of an unknown name answers 404, and nothing can be deployed", async () => {
  expect((await ask("/system/function/absent", allowed)).status).toBe(404);
  for (const method of ["POST", "PUT", "DELETE"]) {
    expect((await ask("/system/functions", { ...allowed, method })).status).toBe(501);
  }
});

test("a function sees its own environment and none of the gateway's", async () => {
  const { environment } = await sightOf(await ask("/function/sees"));

  expect(environment).toMatchObject({ PATH: "/usr/bin", GREETING: "good day", EMPTY: "full", PLAIN: "" });
  expect(environment["OF_THE_GATEWAY"]).toBeUndefined();
  expect(environment["NODE_OPTIONS"]).toContain("--max-old-space-size=128");
});

test("a function sees the secrets that it lists and no others", async () => {
  expect((await sightOf(await ask("/function/sees"))).secrets).toEqual({
    "basic-auth-user": CREDENTIALS.user,
  });
  expect((await sightOf(await ask("/function/query-api"))).secrets).toEqual({});
});

test("marks every call, for the function and for the caller", async () => {
  const response = await ask("/function/sees");
  const { headers } = await sightOf(response);

  expect(headers["x-call-id"]).toMatch(/^[0-9a-f-]{36}$/);
  expect(headers["x-start-time"]).toMatch(/^\d{19}$/);
  expect(headers["x-forwarded-for"]).toMatch(/^127\.0\.0\.1:\d+$/);
  expect(headers["x-forwarded-host"]).toBe(new URL(gateway.url).host);
  expect(response.headers.get("x-call-id")).toBe(headers["x-call-id"]);
  expect(response.headers.get("x-start-time")).toBe(headers["x-start-time"]);
  expect(Number(response.headers.get("x-duration-seconds"))).toBeGreaterThan(0);
});

test("keeps what a client says of being forwarded, and drops what concerns one connection", async () => {
  const headers = await new Promise<Record<string, string>>((resolve, reject) => {
    const sent = {
      "x-call-id": "mine",
      "x-forwarded-for": "10.0.0.1",
      connection: "close, x-private",
      "x-private": "1",
      te: "trailers",
    };
    request(`${gateway.url}/function/sees`, { headers: sent }, async (response) => {
      const chunks = await response.toArray();
      resolve(sightSchema.parse(JSON.parse(Buffer.concat(chunks).toString())).headers);
    })
      .on("error", reject)
      .end();
  });

  expect(headers).toMatchObject({
    "x-call-id": "mine",
    "x-forwarded-for": "10.0.0.1",
    connection: "keep-alive",
  });
  expect(headers["x-private"]).toBeUndefined();
  expect(headers["te"]).toBeUndefined();
});

test.each(["/health", "/docs", "/openapi.json", "/llms.txt", "/v1/markets/0x1%20?q=a%2Bb&limit=2"])(
  "the edge serves %s by query-api, path and query unchanged",
  async (path) => {
    const { path: seen, query } = await sightOf(await ask(path));

    expect(seen).toBe(path.split("?")[0]);
    expect(query).toEqual(path.includes("?") ? { q: "a+b", limit: "2" } : {});
  },
);

test.each([
  ["a body too large", { method: "POST", body: "x".repeat(1_025) }, 413, "body_too_large"],
  [
    "an unknown compression",
    { method: "POST", body: "x", headers: { "content-encoding": "zip" } },
    415,
    "unsupported_encoding",
  ],
])("the edge refuses %s in the API's envelope", async (_, init, status, code) => {
  const response = await ask("/v1/markets", init);

  expect(response.status).toBe(status);
  expect(response.headers.get("content-type")).toBe("application/json");
  expect(await response.json()).toEqual({
    error: { code, message: expect.any(String) },
    request_id: response.headers.get("x-call-id"),
  });
  expect(response.headers.get("x-request-id")).toBe(response.headers.get("x-call-id"));
});

test("a refusal at the edge bears the request id of the client, if that is harmless text", async () => {
  const own = await ask("/v1/markets/%E0%A4", { headers: { "x-request-id": "abc-1" } });
  const odd = await ask("/v1/markets/%E0%A4", { headers: { "x-request-id": "<b>" } });

  expect(own.headers.get("x-request-id")).toBe("abc-1");
  expect(await own.json()).toMatchObject({ request_id: "abc-1" });
  expect(odd.headers.get("x-request-id")).toBe(odd.headers.get("x-call-id"));
});

test("the edge refuses a path with a broken escape in the API's envelope", async () => {
  const response = await ask("/v1/markets/%E0%A4");

  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ error: { code: "malformed_request" } });
});

test("writes down process ids and ports", () => {
  const record = JSON.parse(readFileSync(join(fixture.options.home, "run", "functions.json"), "utf8"));

  expect(record["sees"]).toEqual({
    pid: gateway.functionPids()["sees"],
    port: expect.any(Number),
    restarts: 0,
  });
});

test("names all that is missing at once, and starts nothing", async () => {
  const other = gatewayFixture(
    { incomplete: { handler: SEES, secrets: ["opensearch-password", "nats-password"] } },
    { hostProgram: programs.functionHost },
  );

  await expect(other.start()).rejects.toMatchObject({
    code: "deployment_invalid",
    facts: {
      faults: [expect.stringContaining("opensearch-password"), expect.stringContaining("nats-password")],
    },
  });
  expect(existsSync(join(other.options.home, "run", "functions.json"))).toBe(false);
  other.remove();
});

test("refuses to start on a port that is taken", async () => {
  const port = Number(new URL(gateway.url).port);
  const other = gatewayFixture({}, { hostProgram: programs.functionHost, port });

  await expect(other.start()).rejects.toMatchObject({ code: "port_unavailable" });
  other.remove();
});
