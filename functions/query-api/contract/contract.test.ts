import { Validator } from "@seriousme/openapi-schema-validator";
import { expect, test } from "vitest";
import { z } from "zod";
import { routes } from "../app.ts";
import { anApi } from "../testing/an-api.ts";
import { expectInOpenApi } from "../testing/openapi-check.ts";
import { apiMarkdown } from "./api-markdown.ts";
import { contractPages } from "./contract-pages.ts";
import { describeFields } from "./describe-schema.ts";

const operation = z.looseObject({ parameters: z.array(z.looseObject({ name: z.string().optional() })) });
const openApi = z.looseObject({
  openapi: z.string(),
  paths: z.record(z.string(), z.object({ get: operation })),
  components: z.record(z.string(), z.record(z.string(), z.unknown())),
});

/** After a change of a route: npm run docs -w @polytape/query-api, and commit docs/api.md with it. */
test("docs/api.md is what the schemas say", async () => {
  await expect(apiMarkdown(routes, contractPages)).toMatchFileSnapshot("../../../docs/api.md");
});

test("serves the contract without a key, as OpenAPI that names every route, parameter and reference", async () => {
  const api = await anApi({ keysRead: false });

  const response = await api.send("/openapi.json", { key: null });
  const document = openApi.parse(await response.json());

  expect(response.status).toBe(200);
  expect(document.openapi).toBe("3.1.0");
  expect(Object.keys(document.paths)).toEqual(routes.map(({ path }) => path));
  for (const { path, query, parts } of routes) {
    const names = document.paths[path]?.get.parameters.flatMap(({ name }) => name ?? []);
    expect(names).toEqual([...Object.keys(parts.shape), ...Object.keys(query.shape)]);
  }
  expect(JSON.stringify(document)).not.toContain("$defs");
});

// A validator that others wrote, and that the tools of our users are built on.
test("the OpenAPI document is valid 3.1 by a public validator", async () => {
  const api = await anApi();
  const validator = new Validator();

  const outcome = await validator.validate(openApi.parse(await (await api.send("/openapi.json")).json()));

  expect(outcome).toEqual({ valid: true });
  expect(validator.version).toBe("3.1");
});

test("the check that every answer of the suite passes refuses what the document does not know", () => {
  expect(() => expectInOpenApi("/v1/me", 200, { key_id: "x" })).toThrow("OpenAPI document");
  expect(() => expectInOpenApi("/v1/me", 418, {})).toThrow("no answer 418");
  expect(() => expectInOpenApi("/v1/you", 200, {})).toThrow("/v1/you");
  expectInOpenApi("/v1/me", 401, { error: { code: "key_missing", message: "x" }, request_id: "y" });
});

test("every reference of the OpenAPI leads to a part that says something itself", async () => {
  const api = await anApi();

  const document = openApi.parse(await (await api.send("/openapi.json")).json());
  const { components } = document;
  const places = Object.entries(components).flatMap(([kind, each]) =>
    Object.keys(each).map((name) => `#/components/${kind}/${name}`),
  );
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]*)"/g)].map(([, to]) => to);

  expect(references).toContain("#/components/schemas/Market");
  expect(references.filter((to) => !places.includes(to ?? ""))).toEqual([]);
  const parts = Object.values(components).flatMap((each) => Object.entries(each));
  expect(parts.filter(([, part]) => Object.hasOwn(Object(part), "$ref"))).toEqual([]);
});

test("the page to read loads nothing and points nowhere else", async () => {
  const api = await anApi();

  const response = await api.send("/docs", { key: null });
  const html = await response.text();

  expect(response.headers.get("content-type")).toBe("text/html; charset=utf-8");
  expect(response.headers.get("content-security-policy")).toContain("default-src 'none'");
  expect(html).not.toMatch(/https?:\/\/|<script|@import|url\(/);
  for (const { path } of routes) expect(html).toContain(`GET ${path}`);
  expect(html.match(/What it answers<\/summary><pre>\{/g)).toHaveLength(routes.length);
  for (const language of ["curl", "TypeScript", "Python"])
    expect(html.split(`<summary>${language}</summary>`)).toHaveLength(routes.length + 1);
});

test("the requests on the page name no market, token or moment, which are other ones in every deployment", async () => {
  const html = await (await (await anApi()).send("/docs")).text();

  const requests = [...html.matchAll(/<pre class="request">([^<]*)<\/pre>/g)].map(([, request]) => request);
  expect(requests).toHaveLength(1 + 3 * routes.length);
  for (const request of requests) expect(request).not.toMatch(/rain|0x[0-9a-f]|\d{4}-\d\d|\d{9}/);
});

test.each(routes.map((route) => [route.path, route] as const))(
  "%s says what each parameter means",
  (_path, route) => {
    const lines = [...describeFields(route.parts, "input"), ...describeFields(route.query, "input")];

    expect(lines.filter(({ meaning }) => meaning === "")).toEqual([]);
  },
);
