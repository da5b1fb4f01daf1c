import { expect, test } from "vitest";
import { anApi } from "../../testing/an-api.ts";

test.each([
  ["status=paused", "invalid_parameter", "status must be open, closed or resolved"],
  ["category=Big%20News", "invalid_parameter", "category must be a category"],
  ["q=", "invalid_parameter", "q must be 1 to 200 characters"],
  ["q=%20%20", "invalid_parameter", "q must be"],
  [`q=${"x".repeat(201)}`, "invalid_parameter", "q must be"],
  ["from=5&to=5", "invalid_parameter", "from must lie before to"],
  ["limit=1001", "invalid_parameter", "limit must be"],
  ["page=101", "page_too_deep", "cursor"],
  ["cursor=abc", "invalid_cursor", "altered"],
  ["sort=volume", "invalid_parameter", 'no parameter "sort"'],
])("refuses ?%s with %s", async (query, code, why) => {
  const api = await anApi();

  const { status, body } = await api.ask(`/v1/markets?${query}`);

  expect(status).toBe(400);
  expect(body.error).toMatchObject({ code, message: expect.stringContaining(why) });
});
