import { DAY_MS } from "@polytape/market-model";
import { describe, expect, it } from "vitest";
import { dayGroups, daysWithin } from "./trade-search.ts";

const days = Array.from({ length: 10 }, (_, i) => i * DAY_MS);

describe("days of a trade search", () => {
  it("asks the newest day first, then ever more days at once", () => {
    const groups = dayGroups(days, { sort: "desc", limit: 1 });

    expect(groups.map((group) => group.map((day) => day / DAY_MS))).toEqual([
      [9],
      [8, 7],
      [6, 5, 4, 3],
      [2, 1, 0],
    ]);
  });

  it("asks the oldest day first for the other order", () => {
    expect(dayGroups(days, { sort: "asc", limit: 1 })[0]).toEqual([0]);
  });

  it("leaves out days before a page's position", () => {
    const after = [3 * DAY_MS + 5, 1] as const;

    expect(dayGroups(days, { sort: "asc", limit: 1, after }).flat()[0]).toBe(3 * DAY_MS);
    expect(dayGroups(days, { sort: "desc", limit: 1, after }).flat()[0]).toBe(3 * DAY_MS);
  });

  it("keeps the days that a range touches, its end excluded", () => {
    expect(daysWithin(days, { fromMs: 2 * DAY_MS + 1, toMs: 4 * DAY_MS })).toEqual([2 * DAY_MS, 3 * DAY_MS]);
    expect(daysWithin(days, { toMs: DAY_MS + 1 })).toEqual([0, DAY_MS]);
  });
});
