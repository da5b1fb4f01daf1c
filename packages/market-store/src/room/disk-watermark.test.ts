import { expect, test } from "vitest";
import { isPast } from "./disk-watermark.ts";

const GB = 1024 ** 3;

test.each([
  ["90%", 11, false],
  ["90%", 9, true],
  ["0.9", 11, false],
  ["0.9", 9, true],
  ["10gb", 11, false],
  ["10gb", 9, true],
  ["10240MB", 9, true],
  ["something", 0, false],
])("with the watermark %s and %i of 100 GB free it is past: %s", (watermark, freeGb, expected) => {
  expect(isPast(watermark, { totalBytes: 100 * GB, freeBytes: freeGb * GB })).toBe(expected);
});
