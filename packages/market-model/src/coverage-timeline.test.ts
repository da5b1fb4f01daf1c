import fc from "fast-check";
import { expect, test } from "vitest";
import type { CoverageScope, CoverageState, DeclaredCoverage } from "./coverage.ts";
import { paintCoverage } from "./coverage-paint.ts";
import { coverageTimeline, cutTimeline, joinTimelines } from "./coverage-timeline.ts";

const ALL: CoverageScope = { stream: "trades" };
const A: CoverageScope = { stream: "trades", marketId: "0xa" };

function said(
  fromMs: number,
  toMs: number,
  { at = 0, ...changes }: Partial<DeclaredCoverage> & { at?: number } = {},
): DeclaredCoverage {
  return {
    stream: "trades",
    marketId: null,
    assetId: null,
    fromMs,
    toMs,
    state: "complete",
    cause: null,
    evidence: {},
    declaredFromMs: at,
    declaredAtMs: at,
    ...changes,
  };
}

function states(statements: readonly DeclaredCoverage[], scope: CoverageScope, fromMs = 0, toMs = 10) {
  return coverageTimeline(statements, scope, fromMs, toMs).map(({ state }) => state);
}

test("a silent ledger knows nothing", () => {
  expect(coverageTimeline([], ALL, 0, 10)).toEqual([{ fromMs: 0, toMs: 10, state: "unknown", cause: null }]);
  expect(coverageTimeline([], ALL, 5, 5)).toEqual([]);
});

test("is right in the millisecond in which something begins and in the one in which it ends", () => {
  const gap = said(10, 20, { state: "missing", cause: "collector_down" });

  expect(states([gap], ALL, 9, 10)).toEqual(["unknown"]);
  expect(states([gap], ALL, 10, 11)).toEqual(["missing"]);
  expect(states([gap], ALL, 19, 20)).toEqual(["missing"]);
  expect(states([gap], ALL, 20, 21)).toEqual(["unknown"]);
});

test("neighbours that say the same are one stretch", () => {
  const timeline = coverageTimeline([said(0, 10), said(10, 20), said(15, 30, { marketId: "0xa" })], A, 5, 25);

  expect(timeline).toEqual([{ fromMs: 5, toMs: 25, state: "complete", cause: null }]);
});

test("the newer of two statements stands, whichever is about more", () => {
  const general = (at: number) => said(0, 10, { at });
  const own = (at: number) => said(0, 10, { at, marketId: "0xa", state: "missing", cause: "upstream_cap" });

  expect(states([general(1), own(2)], A)).toEqual(["missing"]);
  expect(states([general(2), own(1)], A)).toEqual(["complete"]);
});

test("of two statements of the same moment the one about the market stands, about the token before it", () => {
  const own = said(0, 10, { marketId: "0xa", state: "missing", cause: "throttled" });
  const token = said(0, 10, { marketId: "0xa", assetId: "1" });

  expect(states([said(0, 10), own, token], A)).toEqual(["missing"]);
  expect(states([token, own, said(0, 10)], { ...A, assetId: "1" })).toEqual(["complete"]);
});

test("where joined statements leave it open which is newer, the worse one stands", () => {
  const general = said(0, 10, { declaredFromMs: 1, declaredAtMs: 9 });
  const own = (state: CoverageState) => said(0, 10, { at: 5, marketId: "0xa", state });

  expect(states([general, own("missing")], A)).toEqual(["missing"]);
  expect(states([{ ...general, state: "missing" }, own("complete")], A)).toEqual(["missing"]);
});

test("one market's proof proves nothing about all, its trouble makes all partial", () => {
  const proof = said(0, 10, { at: 5, marketId: "0xa" });
  const gap = said(10, 20, { at: 5, marketId: "0xa", state: "missing", cause: "throttled" });

  expect(states([proof, gap], ALL, 0, 20)).toEqual(["unknown", "partial"]);
  expect(coverageTimeline([said(0, 20), proof, gap], ALL, 0, 20)).toEqual([
    { fromMs: 0, toMs: 10, state: "complete", cause: null },
    { fromMs: 10, toMs: 20, state: "partial", cause: "throttled" },
  ]);
  expect(states([proof, gap], { ...A, marketId: "0xb" }, 0, 20)).toEqual(["unknown"]);
  expect(states([proof, gap], { ...A, stream: "books" }, 0, 20)).toEqual(["unknown"]);
});

test("a newer word about the whole ends the trouble of a part, and a part's trouble never helps the whole", () => {
  const gap = said(0, 10, { at: 5, marketId: "0xa", state: "partial", cause: "throttled" });

  expect(states([gap, said(0, 10, { at: 6 })], ALL)).toEqual(["complete"]);
  expect(states([gap, said(0, 10, { state: "missing" })], ALL)).toEqual(["missing"]);
});

test("has no holes and no overlaps, and calls complete only what a statement about it calls so", () => {
  const anyStatement = fc
    .record({
      fromMs: fc.integer({ min: -10, max: 60 }),
      length: fc.integer({ min: 0, max: 30 }),
      state: fc.constantFrom<CoverageState>("complete", "partial", "missing", "unknown"),
      marketId: fc.constantFrom(null, "0xa", "0xb"),
      at: fc.nat({ max: 4 }),
    })
    .map(({ fromMs, length, ...rest }) => said(fromMs, fromMs + length, rest));
  const anyScope = fc.constantFrom(ALL, A);

  fc.assert(
    fc.property(fc.array(anyStatement, { maxLength: 10 }), anyScope, (ledger, scope) => {
      const timeline = coverageTimeline(ledger, scope, 0, 60);

      expect(timeline[0]?.fromMs).toBe(0);
      expect(timeline.at(-1)?.toMs).toBe(60);
      for (const [place, stretch] of timeline.entries())
        if (place > 0) expect(stretch.fromMs).toBe(timeline[place - 1]?.toMs);
      for (let ms = 0; ms < 60; ms += 1) {
        const about = ledger.filter(
          (each) =>
            each.fromMs <= ms && ms < each.toMs && [null, scope.marketId].includes(each.marketId ?? null),
        );
        const newest = Math.max(...about.map(({ declaredAtMs }) => declaredAtMs));
        const complete = timeline.some(
          (each) => each.fromMs <= ms && ms < each.toMs && each.state === "complete",
        );
        const proven = about.some((each) => each.state === "complete" && each.declaredAtMs === newest);
        if (complete) expect(proven).toBe(true);
      }
    }),
  );
});

test("a timeline cut in two and joined again is the same", () => {
  const ledger = [said(0, 4), said(6, 9, { state: "missing", cause: "throttled" })];
  const whole = coverageTimeline(ledger, ALL, 0, 10);

  for (let ms = 0; ms <= 10; ms += 1) {
    const halves = [cutTimeline(whole, 0, ms), cutTimeline(whole, ms, 10)];
    expect(joinTimelines(halves)).toEqual(whole);
    expect(halves).toEqual([coverageTimeline(ledger, ALL, 0, ms), coverageTimeline(ledger, ALL, ms, 10)]);
  }
});

test("a repair of all markets heals a market's gap, also where it adjoins something older that says the same", () => {
  const at = (hour: number) => hour * 3_600_000;
  const all = { stream: "trades" as const, marketId: null, assetId: null, evidence: {} };
  const whole = { ...all, state: "complete" as const, cause: null };
  const gap = said(2, 6, { at: at(20), marketId: "0xa", state: "missing", cause: "upstream_cap" });
  const joined = paintCoverage(
    paintCoverage([], { ...whole, fromMs: 12, toMs: 24 }, at(10)),
    { ...whole, fromMs: 0, toMs: 12 },
    at(30),
  );
  const within = paintCoverage(
    paintCoverage([], { ...whole, fromMs: 0, toMs: 24 }, at(10)),
    { ...whole, fromMs: 0, toMs: 12 },
    at(30),
  );

  expect(states([...joined, gap], A, 0, 24)).toEqual(["complete"]);
  expect(states([...within, gap], A, 0, 24)).toEqual(["complete"]);
});

test("what the feed of all markets no longer serves says nothing against a market's own proof", () => {
  const proof = said(0, 10, { at: 1, marketId: "0xa" });
  const capped = said(0, 10, { at: 5, state: "missing", cause: "upstream_cap" });
  const doubted = said(0, 10, { at: 6, marketId: "0xa", state: "partial", cause: "count_mismatch" });

  expect(states([proof, capped], A)).toEqual(["complete"]);
  expect(states([proof, capped], { ...A, marketId: "0xb" })).toEqual(["missing"]);
  expect(states([proof, capped], ALL)).toEqual(["missing"]);
  expect(states([doubted, capped], A)).not.toContain("complete");
  expect(states([proof, { ...capped, cause: "collector_down" }], A)).toEqual(["missing"]);
});
