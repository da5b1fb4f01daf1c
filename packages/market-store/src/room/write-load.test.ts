import { expect, test } from "vitest";
import { overloadOf, type WriteLoad } from "./write-load.ts";

const calm: WriteLoad = { refused: 7, waiting: 3, pressure: 0.1, tookMs: 12 };

test("a store that refused nothing since the last look, and where little waits, has time", () => {
  expect(overloadOf(calm, calm)).toBeNull();
  expect(overloadOf(calm, null), "what it refused before the first look is past").toBeNull();
});

test.each([
  [{ refused: 9 }, "writes refused since the last look: 2"],
  [{ pressure: 0.61 }, "writes under way take 61 % of the memory for all"],
  [{ waiting: 51 }, "writes that wait: 51"],
  [{ tookMs: 3_400 }, "a small question took 3400 ms"],
])("has too much to do with %o, and says why", (changes, reason) => {
  expect(overloadOf({ ...calm, ...changes }, calm)).toBe(reason);
});

test("a server that was started anew has refused nothing", () => {
  expect(overloadOf({ ...calm, refused: 0 }, calm)).toBeNull();
});
