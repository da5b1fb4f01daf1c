/** What one function's calls came to since the last summary. */
export interface CallSummary {
  readonly calls: number;
  readonly failures: number;
  readonly dead_letters: number;
  /** Median duration of the calls. */
  readonly p50_ms: number;
}

export interface CallStatistics {
  count(call: { succeeded: boolean; tookMs: number }): void;
  countDeadLetter(): void;
  /** The summary so far, and a new start; null when there was no call. */
  take(): CallSummary | null;
}

/** Durations kept for the median; with more calls the oldest are forgotten. */
const DURATIONS_MAX = 1_000;

export function createCallStatistics(): CallStatistics {
  let durationsMs: number[] = [];
  let calls = 0;
  let failures = 0;
  let deadLetters = 0;
  return {
    count: ({ succeeded, tookMs }) => {
      durationsMs[calls % DURATIONS_MAX] = tookMs;
      calls += 1;
      if (!succeeded) failures += 1;
    },
    countDeadLetter: () => {
      deadLetters += 1;
    },
    take: () => {
      if (calls === 0) return null;
      const sorted = durationsMs.sort((a, b) => a - b);
      const p50 = sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;
      const summary = { calls, failures, dead_letters: deadLetters, p50_ms: Math.round(p50) };
      durationsMs = [];
      calls = 0;
      failures = 0;
      deadLetters = 0;
      return summary;
    },
  };
}
