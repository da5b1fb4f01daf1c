import { expect, test } from "vitest";
import { median, medianPair, percentile } from "./statistics.ts";

const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);

test.each([
  [0, 1],
  [0.5, 50],
  [0.99, 99],
  [0.991, 100],
  [1, 100],
])("the part %d of 1 to 100 in any order lies at %d", (part, value) => {
  expect(percentile(hundred, part)).toBe(value);
});

test("a percentile is always one of the samples, however few they are", () => {
  expect(percentile([7], 0.99)).toBe(7);
  expect(percentile([3, 9], 0.5)).toBe(3);
  expect(percentile([3, 9], 0.99)).toBe(9);
});

test("sorts by size, not as text, and leaves its input alone", () => {
  const samples = [10, 9, 100];

  expect(median(samples)).toBe(10);
  expect(samples).toEqual([10, 9, 100]);
});

test("refuses to say something of nothing", () => {
  expect(() => percentile([], 0.5)).toThrow("Nothing was measured");
});

test("gives value and ceiling of the same measurement, the one with the middle ratio", () => {
  const pairs = [
    { value: 10, ceiling: 100 },
    { value: 60, ceiling: 80 },
    { value: 50, ceiling: 100 },
  ];

  expect(medianPair(pairs)).toEqual({ value: 50, ceiling: 100 });
});
