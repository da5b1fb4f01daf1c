import { DAY_MS, MINUTE_MS } from "@polytape/market-model";
import { describe, expect, it } from "vitest";
import { minuteSearches } from "./minute-search.ts";

describe("searches for minutes", () => {
  it("joins adjacent minutes of a token, and tokens with the same minutes", () => {
    const minutes = ["a", "b"].flatMap((assetId) =>
      [2, 0, 1, 5, 5].map((minute) => ({ assetId, openTimeMs: minute * MINUTE_MS })),
    );

    expect(minuteSearches(minutes)).toEqual([
      {
        dayMs: 0,
        stretches: [
          { fromMs: 0, toMs: 3 * MINUTE_MS, assetIds: ["a", "b"] },
          { fromMs: 5 * MINUTE_MS, toMs: 6 * MINUTE_MS, assetIds: ["a", "b"] },
        ],
      },
    ]);
  });

  it("cuts at midnight, because each day has an index of its own", () => {
    const minutes = [DAY_MS - MINUTE_MS, DAY_MS].map((openTimeMs) => ({ assetId: "a", openTimeMs }));

    expect(minuteSearches(minutes).map(({ dayMs, stretches }) => [dayMs, stretches.length])).toEqual([
      [0, 1],
      [DAY_MS, 1],
    ]);
  });

  it("bounds the clauses and the tokens of one search, and asks for every minute once", () => {
    const scattered = Array.from({ length: 500 }, (_, i) => ({
      assetId: "a",
      openTimeMs: 2 * i * MINUTE_MS,
    }));
    const wide = Array.from({ length: 12_000 }, (_, i) => ({ assetId: `t${i}`, openTimeMs: 0 }));

    expect(minuteSearches(scattered).map(({ stretches }) => stretches.length)).toEqual([200, 200, 100]);
    const searches = minuteSearches(wide);
    const counts = searches.map(({ stretches }) =>
      stretches.reduce((n, { assetIds }) => n + assetIds.length, 0),
    );
    expect(Math.max(...counts)).toBeLessThanOrEqual(5_000);
    expect(counts.reduce((a, b) => a + b)).toBe(12_000);
    expect(searches.every(({ stretches }) => stretches.length > 0)).toBe(true);
    expect(minuteSearches([])).toEqual([]);
  });
});
