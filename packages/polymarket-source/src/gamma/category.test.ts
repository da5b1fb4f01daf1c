import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { CATEGORY_TOPICS, categoryOf } from "./category.ts";

test("the category is the first topic of the list that is among the tags, in whatever order these come", () => {
  expect(categoryOf(["politics", "fed-rates", "economy"])).toBe("economy");
  expect(categoryOf(["economy", "politics"])).toBe("economy");
  expect(categoryOf(["fed-rates"])).toBeNull();
  expect(categoryOf(null)).toBeNull();
});

test("the list of topics is the documented one", () => {
  const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8").replace(/\s+/g, " ");

  expect(readme).toContain(`\`${CATEGORY_TOPICS.join(", ")}\``);
  expect(new Set(CATEGORY_TOPICS).size).toBe(CATEGORY_TOPICS.length);
});
