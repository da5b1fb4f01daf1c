import { expect, test } from "vitest";
import { routes } from "../app.ts";
import { patternOf } from "./pattern-of.ts";

const named = patternOf([...routes.map(({ path }) => path), "/docs"]);

test.each([
  ["/v1/trades?market_id=a&limit=5", "/v1/trades"],
  ["/v1/markets", "/v1/markets"],
  ["/v1/markets/will-it-rain", "/v1/markets/{id}"],
  ["/v1/markets/a%2Fb", "/v1/markets/{id}"],
  ["/health", "/health"],
  ["/docs", "/docs"],
  ["/v1/markets/a/b", "other"],
  ["/v1/nowhere", "other"],
  ["/", "other"],
])("%s is counted as %s", (path, pattern) => {
  expect(named({ url: `http://function${path}` })).toBe(pattern);
});
