import { describe, expect, it } from "vitest";
import { indexNames } from "./index-names.ts";

describe("index names", () => {
  const names = indexNames("copy-");

  it("name a day's trades by its date in UTC, and read it back", () => {
    const atMs = Date.UTC(2026, 10, 22, 23, 59, 59, 999);

    expect(names.tradesOfDay(atMs)).toBe("copy-trades_v1-2026.11.22");
    expect(names.dayOfTrades("copy-trades_v1-2026.11.22")).toBe(Date.UTC(2026, 10, 22));
  });

  it("know no day of another copy's, another family's or an odd index", () => {
    for (const index of [
      "trades_v1-2026.11.22",
      "copy-candles_v1-2026.11",
      "copy-trades_v1-old",
      "copy-trades_v1-",
    ])
      expect(names.dayOfTrades(index)).toBeNull();
  });

  it("name a month's candles", () => {
    expect(names.candlesOfMonth(Date.UTC(2026, 0, 31))).toBe("copy-candles_v1-2026.01");
  });
});
