import fc from "fast-check";
import { expect, test } from "vitest";
import type { CoverageInterval, CoverageState, DeclaredCoverage } from "./coverage.ts";
import { boundCoverage, paintCoverage } from "./coverage-paint.ts";

function says(fromMs: number, toMs: number, changes: Partial<CoverageInterval> = {}): CoverageInterval {
  const all = { stream: "trades" as const, marketId: null, assetId: null };
  return { ...all, fromMs, toMs, state: "complete", cause: null, evidence: {}, ...changes };
}

function painted(...statements: readonly CoverageInterval[]): DeclaredCoverage[] {
  return statements.reduce<DeclaredCoverage[]>(
    (ledger, each, place) => paintCoverage(ledger, each, place),
    [],
  );
}

const stretch = (ledger: readonly CoverageInterval[]) =>
  ledger.map(({ fromMs, toMs, state }) => [fromMs, toMs, state]);

const anyState = fc.constantFrom<CoverageState>("complete", "partial", "missing", "unknown");
const anyStatement = fc
  .tuple(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 30 }), anyState, fc.nat({ max: 3 }))
  .map(([from, length, state, walk]) =>
    says(from, from + length, { state, evidence: { walk_id: `w${walk}`, pages: 1 } }),
  );
const anyLedger = fc.array(anyStatement, { maxLength: 15 });

test("about every moment the newest statement stands, without overlaps, and equal neighbours are one", () => {
  fc.assert(
    fc.property(anyLedger, (statements) => {
      const ledger = painted(...statements);

      for (let ms = 0; ms < 95; ms += 1) {
        const newest = statements.findLast((each) => each.fromMs <= ms && ms < each.toMs);
        const standing = ledger.filter((each) => each.fromMs <= ms && ms < each.toMs);
        expect(standing.map(({ state }) => state)).toEqual(newest ? [newest.state] : []);
      }
      for (const [place, each] of ledger.entries()) {
        const next = ledger[place + 1];
        expect(each.fromMs).toBeLessThan(each.toMs);
        expect(each.toMs === next?.fromMs && each.state === next.state).toBe(false);
      }
    }),
  );
});

test("saying the same again changes nothing", () => {
  fc.assert(
    fc.property(anyLedger, anyStatement, (statements, last) => {
      const once = paintCoverage(painted(...statements), last, 50);

      expect(paintCoverage(once, last, 50)).toEqual(once);
    }),
  );
});

test("late rows are told of though the stretch was complete before and after, and add up", () => {
  const before = says(0, 100, { evidence: { walk_id: "a", rows: 50, late_rows: 1 } });
  const found = says(20, 30, { evidence: { walk_id: "b", rows: 5, late_rows: 2 } });

  const [whole, ...others] = painted(before, found);

  expect(others).toEqual([]);
  expect(whole).toMatchObject({ fromMs: 0, toMs: 100, state: "complete" });
  expect(whole?.evidence).toMatchObject({ late_rows: 3, rows: 55 });
});

test("statements that do not overlap give the same ledger in any order and however they are cut", () => {
  const cuts = fc.uniqueArray(fc.integer({ min: 0, max: 100 }), { minLength: 2, maxLength: 12 });
  const apart = fc
    .tuple(cuts, fc.array(anyState, { minLength: 12, maxLength: 12 }))
    .map(([edges, states]) => {
      const sorted = edges.sort((a, b) => a - b);
      return sorted.slice(1).map((toMs, place) =>
        says(sorted[place] ?? 0, toMs, {
          state: states[place] ?? "unknown",
          evidence: { walk_id: `w${place}`, pages: place, note: place },
        }),
      );
    });
  const shuffled = apart.chain((statements) =>
    fc.tuple(
      fc.constant(statements),
      fc.shuffledSubarray(statements, { minLength: statements.length }),
      fc.integer({ min: 0, max: 100 }),
    ),
  );

  fc.assert(
    fc.property(shuffled, ([statements, otherOrder, cutMs]) => {
      const at = (all: readonly CoverageInterval[]) =>
        all.reduce<DeclaredCoverage[]>((ledger, each) => paintCoverage(ledger, each, 7), []);
      const halves = otherOrder.flatMap((each) => [
        { ...each, fromMs: Math.max(each.fromMs, cutMs) },
        { ...each, toMs: Math.min(each.toMs, cutMs) },
      ]);

      expect(at(otherOrder)).toEqual(at(statements));
      expect(stretch(at(halves))).toEqual(stretch(at(statements)));
    }),
  );
});

test("evidence of joined statements keeps the first and the last walk, sums, and does not grow", () => {
  const walks = Array.from({ length: 50 }, (_, n) =>
    says(n, n + 1, {
      evidence: {
        ...{ walk_id: `w${n}`, pages: 2, rows: n, upstream_lag_s: n },
        // The first and the last walk found no row.
        ...(n === 0 || n === 49
          ? { first_row: null, last_row: null }
          : { first_row: `a${n}`, last_row: `z${n}` }),
      },
    }),
  );

  const [joined, ...others] = painted(...walks);

  expect(others).toEqual([]);
  expect(joined).toMatchObject({ fromMs: 0, toMs: 50, declaredFromMs: 0, declaredAtMs: 49 });
  expect(joined?.evidence).toEqual({
    first_walk_id: "w0",
    last_walk_id: "w49",
    pages: 100,
    rows: 1_225,
    first_row: "a1",
    last_row: "z48",
    upstream_lag_s: 49,
  });
});

test("a gap that is cut out and healed does not count work twice", () => {
  const whole = says(0, 30, { evidence: { walk_id: "a", pages: 10 } });
  const gap = says(10, 20, { state: "missing", cause: "throttled", evidence: { walk_id: "b" } });
  const healed = says(10, 20, { evidence: { walk_id: "c", pages: 1 } });

  expect(painted(whole, gap, healed)).toMatchObject([{ fromMs: 0, toMs: 30, evidence: { pages: 11 } }]);
});

test("a bound makes the ledger coarser, never more complete", () => {
  fc.assert(
    fc.property(anyLedger, fc.integer({ min: 1, max: 5 }), (statements, max) => {
      const exact = painted(...statements);
      const coarse = boundCoverage(exact, max);

      expect(coarse.length).toBeLessThanOrEqual(max);
      for (let ms = 0; ms < 95; ms += 1) {
        const at = (ledger: readonly CoverageInterval[]) =>
          ledger.find((each) => each.fromMs <= ms && ms < each.toMs)?.state;
        if (at(coarse) === "complete") expect(at(exact)).toBe("complete");
        if (at(exact) === "missing") expect(at(coarse)).toBe("missing");
      }
    }),
  );
});

test("statements made more than an hour apart stay two, so that each can be compared with what was said between", () => {
  const at = (hour: number) => hour * 3_600_000;
  const apart = paintCoverage(paintCoverage([], says(50, 100), at(0)), says(0, 50), at(5));
  const again = paintCoverage(paintCoverage([], says(0, 100), at(0)), says(20, 30), at(5));
  const soon = paintCoverage(paintCoverage([], says(50, 100), at(0)), says(0, 50), at(1));

  expect(stretch(apart)).toEqual([
    [0, 50, "complete"],
    [50, 100, "complete"],
  ]);
  expect(again.map(({ fromMs, declaredAtMs }) => [fromMs, declaredAtMs])).toEqual([
    [0, at(0)],
    [20, at(5)],
    [30, at(0)],
  ]);
  expect(stretch(soon)).toEqual([[0, 100, "complete"]]);
});

test("work is counted once when a part of something is said again much later", () => {
  const whole = says(0, 100, { evidence: { rows: 50 } });
  const part = says(20, 30, { evidence: { rows: 5 } });
  const ledger = paintCoverage(paintCoverage([], whole, 0), part, 9e9);

  expect(ledger.map(({ evidence }) => evidence["rows"]).filter(Boolean)).toEqual([50]);
});
