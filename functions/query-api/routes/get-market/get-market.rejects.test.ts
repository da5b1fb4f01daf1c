import { expect, test } from "vitest";
import { anApi } from "../../testing/an-api.ts";
import { rejections } from "./rejections.ts";

test.each(rejections)("answers $path with $status $code", async ({ path, status, code }) => {
  const api = await anApi();

  const answer = await api.ask(path);

  expect([answer.status, answer.body.error.code]).toEqual([status, code]);
});
