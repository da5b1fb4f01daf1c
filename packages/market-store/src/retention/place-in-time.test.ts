import { expect, test } from "vitest";
import { indexNames } from "../opensearch/index-names.ts";
import { placeInTime } from "./place-in-time.ts";

const names = indexNames("copy-");

test("a day, a month and a rolled index say which time they are for", () => {
  expect(placeInTime("copy-trades_v1-2026.02.28", names)).toEqual({
    kind: "trades",
    fromMs: Date.parse("2026-02-28T00:00:00Z"),
    toMs: Date.parse("2026-03-01T00:00:00Z"),
  });
  expect(placeInTime("copy-candles_v1-2026.12", names)).toEqual({
    kind: "candles",
    fromMs: Date.parse("2026-12-01T00:00:00Z"),
    toMs: Date.parse("2027-01-01T00:00:00Z"),
  });
  expect(placeInTime("copy-orderbook_snapshots_v1-000012", names)).toEqual({ kind: "books" });
});

// Whatever is not read here is never deleted.
test.each([
  "trades_v1-2026.02.28",
  "copy-trades_v1-2026.02.31",
  "copy-trades_v1-2026.02",
  "copy-trades_v1-2026.02.28-kept",
  "copy-trades_v2-2026.02.28",
  "copy-candles_v1-2026.13",
  "copy-candles_v1-2026.01.01",
  "copy-candles_v1",
  "copy-orderbook_snapshots_v1",
  "copy-orderbook_snapshots_v1-restored",
  "copy-markets_v1",
  "copy-coverage_v1",
])("%s is none of ours to delete", (name) => {
  expect(placeInTime(name, names)).toBeNull();
});
