import { MINUTE_MS } from "@polytape/market-model";
import { expect, test } from "vitest";
import { judgeRuns } from "./judge-runs.ts";

const NOW = Date.parse("2026-11-22T12:00:00Z");

/** As function-runtime writes it. */
function told(
  name: string,
  {
    successMs = 0,
    failureMs = 0,
    failures = {},
    outcomes = {},
  }: {
    successMs?: number;
    failureMs?: number;
    failures?: Record<string, number>;
    outcomes?: Record<string, number>;
  },
) {
  const text = [
    `polytape_last_success_timestamp_seconds{function="${name}"} ${successMs / 1_000}`,
    `polytape_last_failure_timestamp_seconds{function="${name}"} ${failureMs / 1_000}`,
    ...Object.entries(failures).map(
      ([code, n]) => `polytape_failures_total{code="${code}",function="${name}"} ${n}`,
    ),
    ...Object.entries(outcomes).map(
      ([outcome, n]) => `polytape_runs_total{outcome="${outcome}",function="${name}"} ${n}`,
    ),
  ].join("\n");
  return { name, status: 200, text: `# HELP\n${text}\n` };
}

test("who did its work last, was never called, or failed before that, is well", () => {
  const functions = [
    told("ingest-trades", { successMs: NOW - 3_000, failureMs: NOW - 9_000, failures: { store_busy: 1 } }),
    told("build-candles", { successMs: NOW - 90 * MINUTE_MS }),
    told("self-check", {}),
  ];

  expect(judgeRuns(functions, NOW)).toEqual({
    verdict: "ok",
    said: "none of 3 functions fails",
  });
});

test("who fails for minutes is named with how long and why, and where its log is", () => {
  const failing = told("snapshot-book", {
    successMs: NOW - 50 * MINUTE_MS,
    failureMs: NOW - 1_000,
    failures: { store_busy: 1, upstream_unavailable: 290 },
  });

  const finding = judgeRuns([told("self-check", {}), failing], NOW);

  expect(finding).toMatchObject({
    verdict: "failed",
    said: "snapshot-book has not succeeded for 50 min (upstream_unavailable, 290 times)",
    cure: expect.stringContaining("faas-cli logs snapshot-book"),
  });
});

test.each([
  ["once since it was started", { failureMs: NOW - 1_000, outcomes: { failed: 1 } }, "warning"],
  ["at every run since it was started", { failureMs: NOW - 1_000, outcomes: { failed: 3 } }, "failed"],
  ["for a moment", { successMs: NOW - 60_000, failureMs: NOW, outcomes: { failed: 9 } }, "warning"],
] as const)("a function that failed %s is a %s", (_, metrics, verdict) => {
  expect(judgeRuns([told("a", metrics)], NOW).verdict).toBe(verdict);
});

test("one that does not even tell its metrics is named with its status", () => {
  const silent = { name: "build-candles", status: 503, text: "" };

  expect(judgeRuns([silent], NOW)).toMatchObject({ verdict: "failed", said: "build-candles answers 503" });
});

test("one that says itself that it refused to work is no success", () => {
  const refused = told("enforce-retention", { failureMs: NOW - 1_000, outcomes: { refused: 4 } });

  expect(judgeRuns([refused], NOW).said).toBe(
    "enforce-retention has not succeeded since it was started (refused, by its own report)",
  );
});
