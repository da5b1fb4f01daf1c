import { expect, test } from "vitest";
import { restartDelayMs } from "./restart-delay.ts";

test("doubles the delay after every start that did not last, up to ten seconds", () => {
  expect([1, 2, 3, 4, 7, 100].map(restartDelayMs)).toEqual([250, 500, 1_000, 2_000, 10_000, 10_000]);
});
