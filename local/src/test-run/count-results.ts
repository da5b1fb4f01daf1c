import { z } from "zod";

export interface Tally {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

export const NOTHING: Tally = { passed: 0, failed: 0, skipped: 0 };

/** The part of vitest's JSON report that is counted. */
const reportSchema = z.object({
  testResults: z.array(
    z.object({
      status: z.string(),
      assertionResults: z.array(z.object({ status: z.string() })),
    }),
  ),
});

/**
 * Counts a report of vitest. A file that fails without a failed test (it does not load, a hook throws) is one
 * failure, and so is a run that ended badly for a reason that no file shows, or left no report.
 */
export function countReport(report: unknown, exitCode: number | null): Tally {
  const files = reportSchema.safeParse(report).data?.testResults ?? [];
  const tally = files.map(countFile).reduce(add, NOTHING);
  return exitCode !== 0 && tally.failed === 0 ? { ...tally, failed: 1 } : tally;
}

function countFile(file: { status: string; assertionResults: readonly { status: string }[] }): Tally {
  const count = (...statuses: string[]) =>
    file.assertionResults.filter(({ status }) => statuses.includes(status)).length;
  const failed = count("failed");
  return {
    passed: count("passed"),
    failed: file.status === "failed" ? Math.max(failed, 1) : failed,
    skipped: count("skipped", "pending", "todo", "disabled"),
  };
}

export function add(one: Tally, other: Tally): Tally {
  return {
    passed: one.passed + other.passed,
    failed: one.failed + other.failed,
    skipped: one.skipped + other.skipped,
  };
}

/** The last line of a test run. */
export function tallyLine({ passed, failed, skipped }: Tally): string {
  return `${passed} passed, ${failed} failed${skipped === 0 ? "" : `, ${skipped} skipped`}`;
}
