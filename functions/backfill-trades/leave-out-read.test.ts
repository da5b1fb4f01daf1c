import type { CoverageInterval } from "@polytape/market-model";
import { expect, test } from "vitest";
import { leaveOutRead } from "./leave-out-read.ts";

function said(fromMs: number, toMs: number, say: Partial<CoverageInterval>): CoverageInterval {
  const whole = { stream: "trades", marketId: null, assetId: null, evidence: {} } as const;
  return { ...whole, fromMs, toMs, state: "missing", cause: "upstream_cap", ...say };
}

test("calls missing neither what was read whole nor what was read in part while it was served", () => {
  const known = [
    said(10, 20, { state: "complete", cause: null }),
    said(30, 40, { state: "partial", cause: "upstream_cap" }),
    said(50, 60, { state: "partial", cause: "collector_down" }),
    said(60, 70, { state: "missing" }),
    said(80, 90, { state: "partial", cause: "upstream_lag", assetId: "7" }),
  ];

  const left = leaveOutRead(said(0, 100, {}), known);

  expect(left.map(({ fromMs, toMs }) => [fromMs, toMs])).toEqual([
    [0, 10],
    [20, 30],
    [40, 100],
  ]);
});
