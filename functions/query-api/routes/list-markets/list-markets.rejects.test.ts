import { expect, test } from "vitest";
import { anApi } from "../../testing/an-api.ts";
import { rejections } from "./rejections.ts";

test.each(rejections)("refuses $path with $code", async ({ path, status, code, why }) => {
  const api = await anApi();

  const answer = await api.ask(path);

  expect(answer.status).toBe(status);
  expect(answer.body.error).toMatchObject({ code, message: expect.stringContaining(why ?? "") });
});
