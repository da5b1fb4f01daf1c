import { expect, test } from "vitest";
import { heapMebibytes, memoryBytes } from "./memory-limit.ts";

test.each([
  ["192Mi", 192 * 2 ** 20],
  ["1Gi", 2 ** 30],
  ["500M", 500e6],
  ["1.5G", 1.5e9],
  ["64Ki", 65_536],
  ["1024", 1_024],
])("reads %s as %i bytes", (text, bytes) => {
  expect(memoryBytes(text)).toBe(bytes);
});

test.each(["", "lots", "192 Mi", "192mb", "-1Mi"])("does not take %j for a quantity", (text) => {
  expect(memoryBytes(text)).toBeNull();
});

test("leaves room beside the heap, and never less than half for it", () => {
  expect(heapMebibytes(192 * 2 ** 20)).toBe(128);
  expect(heapMebibytes(100 * 2 ** 20)).toBe(50);
});
