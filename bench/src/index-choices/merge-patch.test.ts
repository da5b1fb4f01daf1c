import { expect, test } from "vitest";
import { mergePatch } from "./merge-patch.ts";

test("merges objects, replaces what is none, and takes away what is null", () => {
  const target = { kept: 1, list: [1, 2], inner: { a: 1, b: 2 } };

  expect(mergePatch(target, { list: [3], inner: { a: null, c: { d: null, e: 4 } }, added: true })).toEqual({
    kept: 1,
    list: [3],
    inner: { b: 2, c: { e: 4 } },
    added: true,
  });
});

test("leaves the target as it is", () => {
  const target = { inner: { a: 1 } };

  mergePatch(target, { inner: { a: null } });

  expect(target).toEqual({ inner: { a: 1 } });
});
