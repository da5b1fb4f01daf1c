import { expect, test } from "vitest";
import { asJson, atLeast, below, figure, NEAR_DIRECT } from "./figure.ts";
import { table } from "./table.ts";

const stored = figure({ name: "stored", value: 12_345.6, unit: "trades/s", ceiling: 30_000 }, atLeast(0.6));
const memory = figure({ name: "memory", value: 80, unit: "MB", ceiling: null }, below(120, "MB"));
const spread = { low: 2.5, high: 4, rounds: 20 };

test("shows every figure on its line, with its ratio and whether its aim was missed", () => {
  expect(table([stored, memory]).split("\n")).toEqual([
    "figure   value  unit      ceiling  ratio  ratios of all rounds  aim",
    "stored  12,346  trades/s   30,000  0.412                        ratio ≥ 0.6  missed",
    "memory      80  MB              –      –                        < 120 MB",
  ]);
});

test("shows between which ratios the rounds of a figure lie", () => {
  const turns = { ...figure({ name: "tick", value: 9, unit: "ms", ceiling: 3 }), spread };

  expect(table([turns]).split("\n")).toEqual([
    "figure  value  unit  ceiling  ratio  ratios of all rounds  aim",
    "tick        9  ms          3      3  2.50 to 4, 20 rounds",
  ]);
});

test("writes only the promised fields, the ratio being value by ceiling", () => {
  expect(JSON.parse(asJson([stored, memory]))).toEqual([
    { name: "stored", value: 12_350, unit: "trades/s", ceiling: 30_000, ratio: 0.4115 },
    { name: "memory", value: 80, unit: "MB", ceiling: null, ratio: null },
  ]);
});

test.each([
  [4, 1, true],
  [16, 10, true],
  [20.1, 10, false],
  [6.1, 1, false],
])("a read of %d ms over a query of %d ms is near: %s", (value, ceiling, reached) => {
  expect(figure({ name: "read", value, unit: "ms", ceiling }, NEAR_DIRECT).reached).toBe(reached);
});
