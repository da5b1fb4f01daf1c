import { expect, test } from "vitest";
import { anApi } from "../../testing/an-api.ts";

test.each([
  ["nothing-like-it", 404, "market_not_found"],
  [`0x${"f".repeat(64)}`, 404, "market_not_found"],
  ["a%20b", 400, "invalid_parameter"],
  ["%ff", 400, "invalid_parameter"],
  ["x".repeat(257), 400, "invalid_parameter"],
  ["x?limit=1", 400, "invalid_parameter"],
])("answers /v1/markets/%s with %i %s", async (id, expected, code) => {
  const api = await anApi();

  const { status, body } = await api.ask(`/v1/markets/${id}`);

  expect([status, body.error.code]).toEqual([expected, code]);
});
