import { expect, it } from "vitest";
import { add, countReport, NOTHING, tallyLine } from "./count-results.ts";

const file = (status: string, ...tests: string[]) => ({
  status,
  assertionResults: tests.map((each) => ({ status: each })),
});

it("counts passed, failed and skipped tests over all files", () => {
  const report = { testResults: [file("passed", "passed", "skipped"), file("failed", "passed", "failed")] };

  expect(countReport(report, 1)).toEqual({ passed: 2, failed: 1, skipped: 1 });
});

it("counts a file that does not load as a failure", () => {
  expect(countReport({ testResults: [file("failed")] }, 1)).toEqual({ ...NOTHING, failed: 1 });
});

// An unhandled rejection fails a run in which every test passed.
it("counts a bad exit that no file explains as a failure", () => {
  expect(countReport({ testResults: [file("passed", "passed")] }, 1)).toMatchObject({ passed: 1, failed: 1 });
  expect(countReport(undefined, null)).toMatchObject({ failed: 1 });
});

it("ends with one line that names skipped tests only when there are any", () => {
  expect(tallyLine(add(NOTHING, { passed: 3, failed: 0, skipped: 0 }))).toBe("3 passed, 0 failed");
  expect(tallyLine({ passed: 3, failed: 1, skipped: 2 })).toBe("3 passed, 1 failed, 2 skipped");
});
