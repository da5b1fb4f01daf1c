import { expect, test } from "vitest";
import { z } from "zod";
import { defineHttp } from "./define-http.ts";
import type { HttpRequest } from "./http-request.ts";
import { createLog } from "./log.ts";
import type { FunctionContext, FunctionEvent } from "./open-faas.ts";

async function ask(
  event: Partial<FunctionEvent>,
  respond: (request: HttpRequest) => Response | Promise<Response>,
  lines: string[] = [],
) {
  const log = createLog("an-api", (line) => lines.push(line));
  const handler = defineHttp({ name: "an-api", settings: z.object({}), open: () => respond }, {}, log);
  const seen: { status: number; headers: Record<string, string>; body: unknown } = {
    status: 0,
    headers: {},
    body: null,
  };
  const context: FunctionContext = {
    status: (code) => {
      seen.status = code;
      return context;
    },
    headers: (values) => {
      seen.headers = values;
      return context;
    },
    succeed: (value) => {
      seen.body = value;
    },
    fail: () => undefined,
  };
  await handler({ body: {}, headers: {}, method: "GET", query: {}, path: "/", ...event }, context);
  return seen;
}

test("hands on path, query with repeats, headers and status", async () => {
  const answer = await ask(
    { path: "/v1/trades/a%2Fb", query: { q: "a b", side: ["buy", "sell"] }, headers: { "x-api-key": "k" } },
    (request) =>
      new Response(`${request.url} ${request.headers.get("x-api-key")}`, {
        status: 206,
        headers: { "x-a": "1" },
      }),
  );

  expect(answer.status).toBe(206);
  expect(answer.headers["x-a"]).toBe("1");
  expect(answer.body).toBe("http://function/v1/trades/a%2Fb?q=a+b&side=buy&side=sell k");
});

test("spells nested query parameters out, so that validation sees them", async () => {
  const answer = await ask(
    { query: { a: { b: "1" } } },
    (request) => new Response(new URL(request.url).search),
  );

  expect(decodeURIComponent(String(answer.body))).toBe("?a[b]=1");
});

test.each([
  ["limit[]=1", { limit: ["1"] }, "?limit[]=1"],
  ["limit[0][0]=1", { limit: [["1"]] }, "?limit[][]=1"],
  ["limit[__proto__]=1", { limit: {} }, "?limit[]="],
  ["an empty list", { limit: [] }, "?limit[]="],
  ["limit[]=1&limit[]=2", { limit: ["1", "2"] }, "?limit=1&limit=2"],
])("never makes one plain parameter of %s", async (_written, query, spelled) => {
  const answer = await ask({ query }, (request) => new Response(new URL(request.url).search));

  expect(decodeURIComponent(String(answer.body))).toBe(spelled);
});

// A caller may have put a key into the address: the log finds the request by its id.
test("answers 500 in the envelope when the application throws, and logs its id, the reason and no address", async () => {
  const lines: string[] = [];
  const fail = () => {
    throw new Error("secret detail");
  };

  const answer = await ask({ path: "/v1/a-key", query: { key: "a-key" } }, fail, lines);

  expect(answer.status).toBe(500);
  expect(JSON.parse(String(answer.body))).toEqual({
    error: { code: "internal", message: expect.any(String) },
    request_id: answer.headers["x-request-id"],
  });
  expect(lines).toEqual([
    expect.stringMatching(`failed request_id=${answer.headers["x-request-id"]} method=GET .*"secret detail"`),
  ]);
  expect(lines.join()).not.toContain("a-key");
});

test("answers with its metrics when it says which route answers a request, and else leaves the path alone", async () => {
  const seen: string[] = [];
  const call = async (handler: ReturnType<typeof defineHttp>, path: string) => {
    const context: FunctionContext = {
      status: () => context,
      headers: () => context,
      succeed: (value) => void seen.push(String(value)),
      fail: () => undefined,
    };
    await handler({ body: {}, headers: {}, method: "GET", query: {}, path }, context);
    return seen.at(-1);
  };
  const respond = (request: HttpRequest) => {
    if (request.url.endsWith("/broken")) throw new Error("broken");
    return new Response("from the application");
  };
  const plain = { name: "an-api", settings: z.object({}), open: () => respond };
  const counted = defineHttp({ ...plain, routeOf: () => "/v1/{all}" }, {});

  await call(counted, "/v1/a");
  await call(counted, "/v1/broken");

  const text = await call(counted, "/metrics");
  expect(text).toContain('{method="GET",route="/v1/{all}",status="200",function="an-api"} 1');
  expect(text).toContain('{method="GET",route="/v1/{all}",status="500",function="an-api"} 1');
  expect(await call(defineHttp(plain, {}), "/metrics")).toBe("from the application");
});
