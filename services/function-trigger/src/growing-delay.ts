const FIRST_MS = 1_000;

/** 1 s after the first failure, doubled with each further one, never above `maxMs`. */
export function growingDelayMs(failures: number, maxMs: number): number {
  return Math.min(FIRST_MS * 2 ** Math.min(failures - 1, 30), maxMs);
}
