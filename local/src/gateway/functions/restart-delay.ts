const FIRST_MS = 250;
const LONGEST_MS = 10_000;

/** A process that lived this long was not ended by its start; the next delay is the first one again. */
export const STEADY_AFTER_MS = 30_000;

/** How long to wait before a start, after so many starts that did not last: doubles, up to ten seconds. */
export function restartDelayMs(failedStarts: number): number {
  return Math.min(FIRST_MS * 2 ** Math.max(failedStarts - 1, 0), LONGEST_MS);
}
