import { aMarket } from "@polytape/market-model/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { routes } from "./app.ts";
import { anApi, NOW } from "./testing/an-api.ts";

test.each(["/", "/v2/trades", "/health/x", "/v1/trades/", "/favicon.ico"])(
  "answers 404 to %s",
  async (path) => {
    const { status, body } = await (await anApi()).ask(path);

    expect([status, body.error.code]).toEqual([404, "not_found"]);
  },
);

test("an unknown path below /v1 is told only to whoever has a key", async () => {
  const api = await anApi();

  expect((await api.ask("/v1/secrets", { key: null })).status).toBe(401);
  expect((await api.ask("/v1/secrets")).status).toBe(404);
});

test.each(["POST", "PUT", "PATCH", "DELETE"])("answers 405 to %s on every endpoint", async (method) => {
  const api = await anApi();

  for (const path of [...routes.map((route) => route.path.replace("{id}", "x")), "/docs", "/openapi.json"]) {
    const response = await api.send(path, { method });
    expect([response.status, response.headers.get("allow")], path).toEqual([405, "GET, HEAD"]);
    expect(await response.json()).toMatchObject({ error: { code: "method_not_allowed" } });
  }
});

test("HEAD is GET without the body", async () => {
  const api = await anApi();

  for (const path of ["/v1/trades", "/v1/trades?limit=0", "/health", "/docs"]) {
    const get = await api.send(path);
    const head = await api.send(path, { method: "HEAD" });
    expect([head.status, await head.text()]).toEqual([get.status, ""]);
    expect(head.headers.get("content-type")).toBe(get.headers.get("content-type"));
  }
});

// Read back out of a stream, a large answer costs twice as much as all else around the application.
test("hands every answer on as it was made, with its text", async () => {
  const api = await anApi();

  for (const path of ["/v1/trades", "/v1/me", "/v1/trades?limit=0", "/v1/nothing", "/health", "/docs"])
    expect(Object.hasOwn(await api.send(path), "text"), path).toBe(true);
});

test("every answer to a known key says how its limits stand, refusals included", async () => {
  const api = await anApi({ rateRps: 4 });

  const left = [];
  for (const path of ["/v1/trades", "/v1/trades?limit=0", "/v1/markets/nothing", "/v1/nothing", "/v1/me"]) {
    const { headers } = await api.ask(path);
    expect(headers.get("ratelimit-limit")).toBe("4");
    expect(Number(headers.get("ratelimit-reset"))).toBeGreaterThan(0);
    left.push(headers.get("ratelimit-remaining"));
  }

  expect(left).toEqual(["3", "2", "1", "0", "0"]);
});

test("every answer says how limits stand: what needs no key shows a whole bucket, and uses nothing up", async () => {
  const api = await anApi({ rateRps: 4 });

  for (const path of ["/health", "/docs", "/openapi.json", "/nothing"])
    for (const method of ["GET", "POST"]) {
      const { headers } = await api.send(path, { method });
      const limits = ["limit", "remaining", "reset"].map((name) => headers.get(`ratelimit-${name}`));
      expect(limits, `${method} ${path}`).toEqual(["4", "4", "0"]);
    }

  expect(api.gate.usage.usedOn(api.record.id, NOW)).toBe(0);
});

test("an answer that failed on our side says how limits stand as well", async () => {
  const api = await anApi({ rateRps: 4 });
  api.store.failNext("trades.findTrades");
  api.store.failNext("trades.findTrades", { error: new Error("a mistake of ours") });

  for (const [status, left] of [
    [503, "3"],
    [500, "2"],
  ]) {
    const answer = await api.ask("/v1/trades");
    expect([answer.status, answer.headers.get("ratelimit-remaining")]).toEqual([status, left]);
  }
});

test("tells of the daily cap when that is the tighter limit", async () => {
  const api = await anApi({ rateRps: 100, dailyCap: 3 });

  const { headers } = await api.ask("/v1/me");

  expect(headers.get("ratelimit-limit")).toBe("3");
  expect(headers.get("ratelimit-remaining")).toBe("2");
  expect(headers.get("ratelimit-reset")).toBe(String(12 * 3_600));
});

test("a request has an id: the caller's when it is harmless, else a new one", async () => {
  const api = await anApi();

  const own = await api.ask("/v1/me", { headers: { "x-request-id": "abc-123" } });
  const odd = await api.ask("/v1/me", { headers: { "x-request-id": "<b>" } });

  expect(own.headers.get("x-request-id")).toBe("abc-123");
  expect(odd.headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
});

test("hostile questions get an envelope, never a 5xx", async () => {
  const api = await anApi({ rateRps: 10_000, dailyCap: 1_000_000 });
  await api.store.markets.storeMarkets([aMarket()], NOW - 10_000);
  const names = [
    ...new Set(routes.flatMap((route) => Object.keys(route.query.shape))),
    "constructor",
    "__proto__",
  ];
  const nasty = [
    "",
    "0",
    "-1",
    "1e9",
    "NaN",
    "null",
    "Yes",
    "will-it-rain-tomorrow",
    "1m",
    "ts:asc",
    "99999999999999999",
  ];
  const value = fc.oneof(
    fc.constantFrom(...nasty),
    fc.string(),
    fc.string({ unit: "binary" }),
    fc.date().map(String),
  );
  const queries = fc.array(fc.tuple(fc.oneof(fc.constantFrom(...names), fc.string()), value), {
    maxLength: 6,
  });
  const paths = fc.oneof(
    fc.constantFrom(...routes.map(({ path }) => path)),
    fc.webPath().map((path) => `/v1${path}`),
    fc.string().map((text) => `/v1/markets/${encodeURIComponent(text)}`),
  );

  await fc.assert(
    fc.asyncProperty(paths, queries, async (path, query) => {
      const { status, body } = await api.ask(`${path}?${new URLSearchParams(query)}`);
      expect(status).toBeLessThan(500);
      if (status !== 200) expect(body).toMatchObject({ error: { code: expect.any(String) } });
    }),
    { numRuns: 1_500 },
  );
}, 30_000);
