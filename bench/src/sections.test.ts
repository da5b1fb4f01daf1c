import { expect, test } from "vitest";
import { chosenSections } from "./sections.ts";

const names = (environment: Record<string, string>) => chosenSections(environment).map(({ name }) => name);

test("without a wish everything is measured, memory last", () => {
  expect(names({}).at(0)).toBe("store-and-build");
  expect(names({}).at(-1)).toBe("quiet-tick");
});

test("measures the parts that are named, in their own order", () => {
  expect(names({ ONLY: "tick-cost, backfill-rate" })).toEqual(["backfill-rate", "tick-cost"]);
});

test("refuses a part that does not exist, and names those that do", () => {
  expect(() => chosenSections({ ONLY: "ticks" })).toThrow(/ONLY=ticks is none of: .*tick-cost/);
});

test.each(["5", "many"])("refuses to compare up to %s stored trades", (text) => {
  expect(() => chosenSections({ BENCH_STORED_MAX: text })).toThrow("BENCH_STORED_MAX");
});
