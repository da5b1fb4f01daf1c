import { PolytapeError } from "@polytape/market-model";
import type { JobReport } from "./define-job.ts";

/**
 * A failure with what was done before it: on the log line, and in the counters of what adds up. Of a bug nothing can be
 * said, because an unknown error has no facts.
 */
export function withReport(failure: unknown, report: JobReport): unknown {
  if (!(failure instanceof PolytapeError)) return failure;
  const { kind, code, message, facts, cause } = failure;
  return new PolytapeError(kind, code, message, { facts: { ...report, ...facts }, cause });
}

/** What a source of the upstream counts of one run. */
interface UpstreamSource {
  use(): { readonly requests: number; readonly throttled: number; readonly waitedMs: number };
}

/** Runs a job, and adds to its report, also to that of a failure, what it took of the upstream. */
export async function reportUpstreamUse(
  source: UpstreamSource,
  run: () => Promise<JobReport>,
): Promise<JobReport> {
  const use = () => {
    const { requests, throttled, waitedMs } = source.use();
    return {
      upstream_requests: requests,
      upstream_throttled: throttled,
      upstream_waited_seconds: waitedMs / 1_000,
    };
  };
  try {
    return { ...(await run()), ...use() };
  } catch (error) {
    throw withReport(error, use());
  }
}
