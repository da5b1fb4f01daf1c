import { expect, test } from "vitest";
import { httpRequest } from "./http-request.ts";

const anEvent = { body: {}, headers: {}, method: "GET", query: {}, path: "/" };

/** A whole `Request` is the model: an application may be handed either. */
test.each<[string, Record<string, string | string[]>]>([
  ["/v1/markets/a%2Fb", {}],
  ["/v1/./markets/%2e%2e/../x y", {}],
  ["/v1/trades", { side: ["buy", "sell"], q: "ü&=" }],
  ["//elsewhere/v1", {}],
])("%s has the address that a Request would have", (path, query) => {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query))
    for (const each of [value].flat()) search.append(name, each);
  const model = new Request(`http://function${path}${search.size > 0 ? `?${search}` : ""}`);

  expect(httpRequest({ ...anEvent, path, query }).url).toBe(model.url);
});

test("tells headers by any spelling of their names, repeats in one, and null for what is not there", () => {
  const { headers } = httpRequest({
    ...anEvent,
    headers: { "x-api-key": "k", accept: ["text/csv", "text/html"] },
  });

  expect(["X-API-Key", "accept", "origin"].map((name) => headers.get(name))).toEqual([
    "k",
    "text/csv, text/html",
    null,
  ]);
});

test("asks HEAD as GET, and other methods as they are", () => {
  const methods = ["GET", "HEAD", "POST"].map((method) => httpRequest({ ...anEvent, method }).method);

  expect(methods).toEqual(["GET", "GET", "POST"]);
});
