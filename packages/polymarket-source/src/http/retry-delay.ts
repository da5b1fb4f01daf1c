const FIRST_DELAY_MS = 250;
const DELAY_MAX_MS = 8_000;

/**
 * Exponential backoff with full jitter, so that callers that failed together do not come back together.
 * What the upstream asked for is waited for in full, with the jitter on top.
 */
export function retryDelayMs(triesDone: number, retryAfterMs: number | null, random: () => number): number {
  const ceilingMs = Math.min(DELAY_MAX_MS, FIRST_DELAY_MS * 2 ** (triesDone - 1));
  if (retryAfterMs !== null) return retryAfterMs + random() * FIRST_DELAY_MS;
  return random() * ceilingMs;
}
