import { expect, test } from "vitest";
import { anApi } from "../../testing/an-api.ts";
import { rejections } from "./rejections.ts";

test.each(rejections)("answers $path with $status $code", async ({ path, status, code, why }) => {
  const api = await anApi();

  const answer = await api.ask(path);

  expect([answer.status, answer.body.error.code]).toEqual([status, code]);
  expect(answer.body.error.message).toContain(why);
});

test("answers about 400 days", async () => {
  const api = await anApi();

  const { status } = await api.ask("/v1/coverage?from=2025-10-19T00:00:00Z&to=2026-11-23T00:00:00Z");

  expect(status).toBe(200);
});
