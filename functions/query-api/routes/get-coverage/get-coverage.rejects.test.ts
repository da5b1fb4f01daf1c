import { expect, test } from "vitest";
import { anApi } from "../../testing/an-api.ts";

test.each([
  ["stream=candles", 400, "invalid_parameter"],
  ["from=9&to=8", 400, "invalid_parameter"],
  ["market_id=nothing", 404, "market_not_found"],
  ["limit=5", 400, "invalid_parameter"],
])("answers ?%s with %i %s", async (query, expected, code) => {
  const api = await anApi();

  const { status, body } = await api.ask(`/v1/coverage?${query}`);

  expect([status, body.error.code]).toEqual([expected, code]);
});
