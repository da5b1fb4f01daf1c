import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { slidingWindow } from "./sliding-window.ts";

const LENGTH_MS = 10_000;

describe("slidingWindow", () => {
  test("never lets more than its limit into any window, however it is asked", () => {
    const gaps = fc.array(fc.integer({ min: 0, max: 9_000 }), { minLength: 1, maxLength: 120 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), gaps, (limit, gapsMs) => {
        const window = slidingWindow(limit, LENGTH_MS);
        const sends: number[] = [];
        let nowMs = 1_000_000;
        for (const gapMs of gapsMs) {
          nowMs += gapMs;
          const atMs = window.earliest(nowMs);
          window.take(atMs);
          sends.push(atMs);
        }
        sends.forEach((atMs, index) => {
          const inWindow = sends.slice(index).filter((other) => other < atMs + LENGTH_MS);
          expect(inWindow.length).toBeLessThanOrEqual(limit);
        });
      }),
      { numRuns: 60 },
    );
  });

  test("falls to half of what was sent, once for one burst", () => {
    const window = slidingWindow(100, LENGTH_MS);
    for (let send = 0; send < 40; send += 1) window.take(50_000);

    window.slowDown(50_100, 50_000);
    window.slowDown(50_200, 50_000);

    expect(window.allowed(50_200)).toBe(20);
  });

  test("grows back a tenth a window, up to its limit", () => {
    const window = slidingWindow(100, LENGTH_MS);
    for (let send = 0; send < 100; send += 1) window.take(50_000);
    window.slowDown(50_000, 50_000);

    expect([0, 10, 30, 60, 600].map((seconds) => window.allowed(50_000 + seconds * 1_000))).toEqual([
      50, 60, 80, 100, 100,
    ]);
  });

  test("keeps a floor, so that it notices when the upstream recovers", () => {
    const window = slidingWindow(100, LENGTH_MS);
    for (let nowMs = 50_000; nowMs < 50_010; nowMs += 1) {
      window.take(nowMs);
      window.slowDown(nowMs, nowMs);
    }

    expect(window.allowed(50_010)).toBe(5);
    expect(slidingWindow(0.3, LENGTH_MS).allowed(0)).toBe(1);
  });

  test("sends nothing before the end of a pause", () => {
    const window = slidingWindow(100, LENGTH_MS);

    window.pauseUntil(70_000);
    window.pauseUntil(60_000);

    expect(window.earliest(50_000)).toBe(70_000);
    expect(window.earliest(80_000)).toBe(80_000);
  });
});
