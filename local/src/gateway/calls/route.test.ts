import { expect, test } from "vitest";
import { routeOf } from "./route.ts";

const call = (name: string, path: string, edge = false) => ({ kind: "call", name, path, edge });

test.each([
  ["/function/one", call("one", "/")],
  ["/function/one?a=1", call("one", "/?a=1")],
  ["/function/one/x%2Fy/?a=/b", call("one", "/x%2Fy/?a=/b")],
  ["/function/one.openfaas-fn/x", call("one", "/x")],
  ["/function/one.elsewhere", call("one.elsewhere", "/")],
  ["/v1/trades?limit=1", call("query-api", "/v1/trades?limit=1", true)],
  ["/health", call("query-api", "/health", true)],
  ["/openapi.json", call("query-api", "/openapi.json", true)],
  ["/llms.txt", call("query-api", "/llms.txt", true)],
])("%s is a call", (target, route) => {
  expect(routeOf(target)).toEqual(route);
});

test.each([
  ["/function/one/../two", "/function/two"],
  ["/function/one/./x/", "/function/one/x/"],
  ["//v1//trades?a=//", "/v1/trades?a=//"],
  ["/../..", "/"],
])("%s is sent to its clean form", (target, location) => {
  expect(routeOf(target)).toEqual({ kind: "redirect", location });
});

test.each([
  ["/function/one/x..y/.z", "call"],
  ["/async-function/one", "async"],
  ["/system/functions?namespace=openfaas-fn", "system"],
  ["/healthz", "health"],
  ["/healthy", "unknown"],
  ["/v10/x", "unknown"],
  ["*", "unknown"],
])("%s is of the kind %s", (target, kind) => {
  expect(routeOf(target).kind).toBe(kind);
});
