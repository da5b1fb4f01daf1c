import { randomBytes } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { newKeyText } from "@polytape/api-access";
import { MINUTE_MS } from "@polytape/market-model";
import { type MarketStore, openMarketStore } from "@polytape/market-store";
import { byContractThroughGateway, storeWorld } from "@polytape/query-api/testing/contract";
import { afterAll, beforeAll, describe, expect, inject, test, vi } from "vitest";
import { anEdge, caddyVersion, type Edge } from "./an-edge.ts";
import { makeStoreCopy, type StoreCopy } from "./market-store-copy.ts";
import { deployQueryApi, type QueryApiDeployment } from "./query-api-deployment.ts";

/** The public edge: Caddy with the project's Caddyfile, in front of the gateway and the function as it is deployed. */
describe.skipIf(caddyVersion === null)("the edge (skipped where there is no caddy)", () => {
  let copy: StoreCopy;
  let store: MarketStore;
  let deployment: QueryApiDeployment;
  let edge: Edge;
  let key: string;
  let range: string;

  beforeAll(async () => {
    copy = await makeStoreCopy(inject("openSearchUrl"));
    store = openMarketStore(copy.settings, { now: () => Date.now() - MINUTE_MS });
    const { startMs } = await storeWorld(store, Date.now());
    range = `from=${startMs}&to=${startMs + 60 * MINUTE_MS}`;
    await copy.settle();
    deployment = await deployQueryApi(copy.settings.indexPrefix ?? "");
    key = await deployment.makeKey();
    edge = await anEdge(new URL(deployment.gateway.url).host);
  });

  afterAll(async () => {
    await edge?.close();
    await deployment?.close();
    await store?.close();
    await copy?.remove();
  });

  async function ask(path: string, headers: Record<string, string> = {}, init: RequestInit = {}) {
    const answer = await fetch(`${edge.url}${path}`, { headers: { "x-api-key": key, ...headers }, ...init });
    return byContractThroughGateway({ path, method: init.method }, answer);
  }

  test.each([
    ["json", "application/json"],
    ["ndjson", "application/x-ndjson"],
    ["csv", "text/csv"],
  ])("%s comes compressed when that is asked for, and says the same as without", async (format, type) => {
    const path = `/v1/trades?${range}&format=${format}`;

    const small = await ask(path, { "accept-encoding": "gzip" });
    const plain = await ask(path, { "accept-encoding": "identity" });

    expect([small.status, small.headers.get("content-type")]).toEqual([200, expect.stringContaining(type)]);
    expect(small.headers.get("content-encoding")).toBe("gzip");
    expect(small.headers.get("vary")).toContain("Accept-Encoding");
    expect(plain.headers.get("content-encoding")).toBeNull();
    const [text, again] = [await small.text(), await plain.text()];
    expect(text.replace(/"as_of":"[^"]*"/, "")).toBe(again.replace(/"as_of":"[^"]*"/, ""));
  });

  test("whoever has an answer gets 304 for it, compressed or not", async () => {
    for (const encoding of ["gzip", "identity"]) {
      const path = `/v1/trades?${range}&format=csv`;
      const tag = (await ask(path, { "accept-encoding": encoding })).headers.get("etag") ?? "";

      const again = await ask(path, { "accept-encoding": encoding, "if-none-match": tag });

      expect([tag, again.status]).toEqual([expect.stringContaining('"'), 304]);
    }
  });

  test.each(["/v1/me", "/v1/markets", "/health", "/docs", "/openapi.json", "/llms.txt"])(
    "%s is public",
    async (path) => {
      expect((await ask(path)).status).toBe(200);
    },
  );

  test.each([
    ...["/", "/metrics", "/healthz", "/_/health", "/ui/", "/V1/me", "/v1me", "/health/", "/docs/x"],
    ...["/function/query-api/v1/me", "/function/query-api/metrics", "/async-function/query-api"],
    ...["/system/functions", "/system/info", "/v1/../system/functions", "/v1/%2e%2e/system/functions"],
    ...["/v1/..%2f..%2fsystem/functions", "//system/functions", "/v1/../../function/query-api/metrics"],
  ])("%s is closed, also to whoever has a key", async (path) => {
    expect(await edge.status(path, { "x-api-key": key })).toBe(404);
  });

  test("what the edge itself answers is in the envelope, under the client's own request id", async () => {
    const closed = await ask("/system/functions", { "x-request-id": "mine-1" });
    const large = await ask("/v1/trades", {}, { method: "POST", body: "x".repeat(9_000) });
    const odd = await ask("/v1/markets/%ff", { "x-request-id": "<b>" });

    expect([closed.status, closed.headers.get("x-request-id"), await closed.json()]).toEqual([
      404,
      "mine-1",
      { error: { code: "not_found", message: expect.any(String) }, request_id: "mine-1" },
    ]);
    expect([large.status, await large.json()]).toMatchObject([413, { error: { code: "body_too_large" } }]);
    expect([odd.status, await odd.json()]).toMatchObject([400, { error: { code: "malformed_request" } }]);
    expect(odd.headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
  });

  test("nothing tells of what is behind it, and browsers are told to stay with TLS", async () => {
    for (const path of ["/v1/me", "/system/functions", "/v1/trades?limit=0"]) {
      const { headers } = await ask(path);
      for (const name of ["server", "x-powered-by", "x-duration-seconds", "x-start-time"])
        expect([path, name, headers.get(name)]).toEqual([path, name, null]);
      expect(headers.get("strict-transport-security"), path).toMatch(/^max-age=\d+$/);
      expect(headers.get("x-content-type-options"), path).toBe("nosniff");
    }
  });

  test("no log of the edge holds a key, wherever somebody put it", async () => {
    const headers = { "x-request-id": key, referer: `/${key}`, authorization: `Bearer ${key}` };
    for (const path of [`/v1/markets/${key}`, `/v1/trades?market_id=${key}`, `/${key}`, "/v1/me"])
      await edge.status(path, { "x-api-key": key, ...headers });

    await vi.waitUntil(() => edge.log().includes("/v1/markets/pt_…"), { timeout: 5_000 });
    expect(edge.log()).toContain('"status":404');
    expect(edge.log()).not.toContain(key);
  });
});

describe.skipIf(caddyVersion === null)(
  "the edge before a gateway in trouble (skipped where there is no caddy)",
  () => {
    let gateway: Server;
    let edge: Edge;
    /** What the gateway answers; 0: it breaks off. */
    let status = 200;
    const key = newKeyText(randomBytes);
    const headers = { "x-api-key": key };

    beforeAll(async () => {
      gateway = createServer((_, answer) => {
        if (status !== 0) return answer.writeHead(status, { "content-type": "text/plain" }).end("inside");
        answer.writeHead(200, { "x-request-id": "x", "content-length": "1000" });
        return answer.write("the beginning", () => answer.destroy());
      });
      await new Promise<void>((resolve) => gateway.listen(0, "127.0.0.1", resolve));
      const { port } = gateway.address() as AddressInfo;
      edge = await anEdge(`127.0.0.1:${port}`);
    });

    afterAll(async () => {
      await edge?.close();
      gateway?.close();
    });

    test.each([
      [400, 400, "malformed_request", null],
      [404, 404, "not_found", null],
      [415, 415, "unsupported_encoding", null],
      [429, 429, "busy", "1"],
      [500, 500, "internal", null],
      [502, 503, "unavailable", "1"],
      [503, 503, "unavailable", "1"],
      [504, 504, "timeout", null],
    ])(
      "%i without a request id is said in the API's words: %i %s",
      async (given, expected, code, retryAfter) => {
        status = given;

        const answer = await fetch(`${edge.url}/v1/trades`, { headers });

        expect([answer.status, answer.headers.get("retry-after")]).toEqual([expected, retryAfter]);
        expect(answer.headers.get("content-type")).toBe("application/json");
        expect(await answer.json()).toEqual({
          error: { code, message: expect.any(String) },
          request_id: answer.headers.get("x-request-id"),
        });
      },
    );

    // Before 2.8 Caddy ended what it compressed as if it were whole.
    const encodings = ["identity", ...((caddyVersion ?? 0) >= 2.08 ? ["gzip", "zstd"] : [])];

    test.each(encodings)(
      "an answer that breaks off is seen to (%s), and the log that says so holds no key",
      async (encoding) => {
        status = 0;

        const asked = { headers: { ...headers, "accept-encoding": encoding } };
        const reading = fetch(`${edge.url}/v1/trades`, asked).then((answer) => answer.text());

        await expect(reading).rejects.toThrow();
        await vi.waitUntil(() => edge.log().includes("incomplete response"), { timeout: 5_000 });
        expect(edge.log()).not.toContain(key);
      },
    );

    // The last one: the gateway is gone after it.
    test("a gateway that is gone is unavailable, and the log that says so holds no key", async () => {
      await new Promise((resolve) => gateway.close(resolve).closeAllConnections());

      const answer = await fetch(`${edge.url}/v1/trades?key=${key}`, { headers });

      expect([answer.status, await answer.json()]).toMatchObject([503, { error: { code: "unavailable" } }]);
      await vi.waitUntil(() => edge.log().includes('"uri":"/v1/trades?key=pt_…"'), { timeout: 5_000 });
      expect(edge.log()).not.toContain(key);
    });
  },
);
