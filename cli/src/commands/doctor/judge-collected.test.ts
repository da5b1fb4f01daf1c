import { HOUR_MS, MINUTE_MS } from "@polytape/market-model";
import { describe, expect, test } from "vitest";
import { BOOKS, judgeCandles, judgeCollected, judgeRetention, MARKETS } from "./judge-collected.ts";

const NOW = Date.parse("2026-11-22T12:00:00Z");

test.each([
  [MARKETS, MINUTE_MS, "ok"],
  [MARKETS, 16 * MINUTE_MS, "warning"],
  [MARKETS, 7 * HOUR_MS, "failed"],
  [BOOKS, 10_000, "ok"],
  [BOOKS, -2_000, "ok"],
  [BOOKS, 6 * MINUTE_MS, "warning"],
  [BOOKS, 2 * HOUR_MS, "failed"],
] as const)("%j of %i ms ago: %s", (of, ageMs, verdict) => {
  const finding = judgeCollected(of, NOW - ageMs, NOW);

  expect(finding.verdict).toBe(verdict);
  if (verdict !== "ok") expect(finding.cure).toContain(of.collector);
});

test("nothing collected yet is a warning that says for whom to wait", () => {
  expect(judgeCollected(BOOKS, null, NOW)).toMatchObject({
    verdict: "warning",
    cure: expect.stringContaining("snapshot-book"),
  });
});

describe("candles", () => {
  const look = (ageMs: number, hasCandle: boolean, hasTrades = true) => ({ ageMs, hasCandle, hasTrades });

  test.each([
    [
      "of the youngest trades are there",
      [look(5 * MINUTE_MS, true), look(HOUR_MS, false)],
      "ok",
      "5 min ago",
    ],
    ["are not due", [look(5 * MINUTE_MS, false, false)], "ok", "no settled trades"],
    [
      "are behind",
      [look(5 * MINUTE_MS, false), look(HOUR_MS, true)],
      "warning",
      "trades of 5 min ago have none, those of 60 min ago have",
    ],
    [
      "have not been made for hours",
      [look(5 * MINUTE_MS, false), look(HOUR_MS, false), look(6 * HOUR_MS, false)],
      "failed",
      "trades of 6 h ago have none",
    ],
  ])("%s", (_, looks, verdict, said) => {
    expect(judgeCandles(looks)).toMatchObject({ verdict, said: expect.stringContaining(said) });
  });
});

describe("retention", () => {
  test.each([
    [{ outcome: "done", atMs: NOW - HOUR_MS }, "ok"],
    [{ outcome: "done", atMs: NOW - 4 * HOUR_MS }, "failed"],
    [null, "warning"],
    [undefined, "warning"],
  ])("%j: %s", (last, verdict) => {
    expect(judgeRetention(last, NOW).verdict).toBe(verdict);
  });

  test("a run that refused is told with how it is confirmed", () => {
    expect(judgeRetention({ outcome: "refused", atMs: NOW - 60_000 }, NOW)).toMatchObject({
      verdict: "failed",
      said: expect.stringMatching(/^refused at 2026-11-22T11:59:00/),
      cure: expect.stringContaining('{"confirm":true}'),
    });
  });
});
