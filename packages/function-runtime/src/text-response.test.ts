import { expect, test } from "vitest";
import { textResponse } from "./text-response.ts";

test("tells its text without reading its body, and is a Response in all else", async () => {
  const response = textResponse(`{"a":"ü"}`, { status: 201, headers: { "x-own": "yes" } });

  expect(await response.text()).toBe(`{"a":"ü"}`);
  expect(response.bodyUsed).toBe(false);
  expect([response.status, response.headers.get("x-own")]).toEqual([201, "yes"]);
  expect(await response.json()).toEqual({ a: "ü" });
});
