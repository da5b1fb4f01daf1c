import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Gateway } from "@polytape/local/gateway";
import {
  buildGatewayPrograms,
  type GatewayFixture,
  type GatewayPrograms,
  gatewayFixture,
} from "@polytape/local/gateway/testing";
import { byContractThroughGateway } from "@polytape/query-api/testing/contract";
import { afterAll, beforeAll, expect, test } from "vitest";

/** Nobody listens there: what is asked here needs neither store nor bus. */
const NOWHERE = "127.0.0.1:9";
const QUERY_API = fileURLToPath(new URL("../../functions/query-api", import.meta.url));

let bundle: string;
let programs: GatewayPrograms;
let fixture: GatewayFixture;
let gateway: Gateway;

beforeAll(async () => {
  bundle = mkdtempSync(join(tmpdir(), "query-api-"));
  const tsup = join(QUERY_API, "../../node_modules/.bin/tsup");
  await promisify(execFile)(tsup, ["--out-dir", bundle], { cwd: QUERY_API });
  programs = await buildGatewayPrograms();
  const environment = {
    NODE_ENV: "production",
    RAW_BODY: "true",
    OPENSEARCH_URL: `http://${NOWHERE}`,
    NATS_URL: `nats://${NOWHERE}`,
  };
  const handler = `module.exports = require(${JSON.stringify(join(bundle, "handler.js"))});`;
  fixture = gatewayFixture({ "query-api": { handler, environment } }, { hostProgram: programs.functionHost });
  gateway = await fixture.start();
}, 120_000);

afterAll(async () => {
  await gateway?.close();
  fixture?.remove();
  programs?.remove();
  if (bundle) rmSync(bundle, { recursive: true, force: true });
});

const PLACES = ["", "/function/query-api"];
const ask = async (path: string, init?: RequestInit) =>
  byContractThroughGateway({ path, method: init?.method }, await fetch(gateway.url + path, init));

test.each(PLACES)("%s/docs keeps its ETag on the way, and 304 comes back without a body", async (place) => {
  const first = await ask(`${place}/docs`);
  const tag = first.headers.get("etag") ?? "";
  const again = await ask(`${place}/docs`, { headers: { "if-none-match": tag } });
  const head = await ask(`${place}/docs`, { method: "HEAD" });

  expect([first.status, first.headers.get("content-type")]).toEqual([200, "text/html; charset=utf-8"]);
  expect(tag).toMatch(/^W\/"[\w-]{22}"$/);
  expect([again.status, await again.text(), again.headers.get("etag")]).toEqual([304, "", tag]);
  expect(again.headers.get("x-request-id")).not.toBeNull();
  expect([head.status, await head.text(), head.headers.get("etag")]).toEqual([200, "", tag]);
});

test.each(PLACES)(
  "%s/v1/trades gives a browser permission to ask, and lets it read a refusal",
  async (place) => {
    const origin = { origin: "https://a-page.test" };

    const preflight = await ask(`${place}/v1/trades`, {
      method: "OPTIONS",
      headers: {
        ...origin,
        "access-control-request-method": "GET",
        "access-control-request-headers": "x-api-key",
      },
    });
    const refused = await ask(`${place}/v1/trades`, { headers: { ...origin, "x-request-id": "mine-1" } });

    expect(preflight.status).toBe(204);
    expect(preflight.headers.get("access-control-allow-origin")).toBe("*");
    expect(preflight.headers.get("access-control-allow-headers")).toContain("X-API-Key");
    expect(refused.status).toBe(503);
    expect(await refused.json()).toMatchObject({ error: { code: "auth_unavailable" }, request_id: "mine-1" });
    expect(refused.headers.get("access-control-allow-origin")).toBe("*");
    expect(refused.headers.get("access-control-expose-headers")).toContain("X-Request-Id");
  },
);
