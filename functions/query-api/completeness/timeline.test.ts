import type { CoverageInterval } from "@polytape/market-model";
import fc from "fast-check";
import { expect, test } from "vitest";
import { completeness, coverageBlockOf } from "./coverage-block.ts";
import { timelineOf } from "./timeline.ts";

function entry(fromMs: number, toMs: number, changes: Partial<CoverageInterval> = {}): CoverageInterval {
  const all = { stream: "trades" as const, marketId: null, assetId: null };
  return { ...all, fromMs, toMs, state: "complete", cause: null, evidence: {}, ...changes };
}
const ALL = { stream: "trades" as const };

test("a silent ledger knows nothing", () => {
  expect(timelineOf([], ALL, 0, 10)).toEqual([{ fromMs: 0, toMs: 10, state: "unknown", cause: null }]);
  expect(timelineOf([], ALL, 5, 5)).toEqual([]);
});

test("a proof of completeness repairs what was missing or in doubt, a gap goes before a doubt", () => {
  const entries = [
    entry(0, 60, { state: "partial", cause: "upstream_lag" }),
    entry(20, 60, { state: "missing", cause: "collector_down" }),
    entry(0, 10),
    entry(40, 50),
  ];

  expect(timelineOf(entries, ALL, 0, 70)).toEqual([
    { fromMs: 0, toMs: 10, state: "complete", cause: null },
    { fromMs: 10, toMs: 20, state: "partial", cause: "upstream_lag" },
    { fromMs: 20, toMs: 40, state: "missing", cause: "collector_down" },
    { fromMs: 40, toMs: 50, state: "complete", cause: null },
    { fromMs: 50, toMs: 60, state: "missing", cause: "collector_down" },
    { fromMs: 60, toMs: 70, state: "unknown", cause: null },
  ]);
});

test("neighbours that touch are one stretch", () => {
  expect(timelineOf([entry(0, 10), entry(10, 20), entry(15, 30)], ALL, 5, 25)).toEqual([
    { fromMs: 5, toMs: 25, state: "complete", cause: null },
  ]);
});

test("one market's proof proves nothing about all, but its gap is a gap in all", () => {
  const proof = entry(0, 10, { marketId: "0xa" });
  const gap = entry(10, 20, { marketId: "0xa", state: "missing", cause: "throttled" });
  const states = (scope: Parameters<typeof timelineOf>[1]) =>
    timelineOf([proof, gap], scope, 0, 20).map(({ state }) => state);

  expect(states(ALL)).toEqual(["unknown", "missing"]);
  expect(states({ ...ALL, marketId: "0xa" })).toEqual(["complete", "missing"]);
  expect(states({ ...ALL, marketId: "0xb" })).toEqual(["unknown"]);
  expect(states({ stream: "books" })).toEqual(["unknown"]);
});

test("a timeline has no holes and no overlaps, and says complete only where a proof stands", () => {
  const state = fc.constantFrom(
    "complete" as const,
    "partial" as const,
    "missing" as const,
    "unknown" as const,
  );
  const entries = fc.array(
    fc
      .tuple(fc.integer({ min: -20, max: 120 }), fc.integer({ min: 1, max: 60 }), state)
      .map(([from, length, each]) => entry(from, from + length, { state: each })),
    { maxLength: 12 },
  );

  fc.assert(
    fc.property(entries, (ledger) => {
      const timeline = timelineOf(ledger, ALL, 0, 100);
      expect(timeline[0]?.fromMs).toBe(0);
      expect(timeline.at(-1)?.toMs).toBe(100);
      for (const [place, { fromMs }] of timeline.entries())
        if (place > 0) expect(fromMs).toBe(timeline[place - 1]?.toMs);
      for (let ms = 0; ms < 100; ms += 1) {
        const proven = ledger.some(
          (each) => each.state === "complete" && each.fromMs <= ms && ms < each.toMs,
        );
        const said = timeline.find(({ fromMs, toMs }) => fromMs <= ms && ms < toMs)?.state;
        expect(said === "complete").toBe(proven);
      }
    }),
    { numRuns: 100 },
  );
});

test("complete is true when proven, false when something is known to lack, null when nobody knows", () => {
  expect(completeness(timelineOf([entry(0, 10)], ALL, 0, 10))).toBe(true);
  expect(completeness(timelineOf([entry(0, 10)], ALL, 0, 11))).toBeNull();
  expect(completeness(timelineOf([entry(5, 10, { state: "partial" })], ALL, 0, 10))).toBe(false);
  expect(completeness([])).toBeNull();
});

test("names at most a hundred gaps, the newest", () => {
  const ledger = Array.from({ length: 150 }, (_, n) => entry(n * 10_000, n * 10_000 + 5_000));
  const range = { fromMs: 0, toMs: 1_500_000, openStart: false };

  const { gaps } = coverageBlockOf(timelineOf(ledger, ALL, range.fromMs, range.toMs), range);

  expect(gaps).toHaveLength(100);
  expect(gaps.at(-1)?.to).toBe("1970-01-01T00:25:00.000Z");
});
