import { setMaxListeners } from "node:events";
import { PolytapeError } from "@polytape/market-model";

const LISTENERS_MAX = 100;

/**
 * The work's outcome, or `query_timeout` when it takes longer than the time given. Then the signal fires, so that
 * the store is told as well: a search that nobody waits for would go on and slow down everybody else's.
 */
export async function withinDeadline<T>(
  work: (signal: AbortSignal) => Promise<T>,
  deadlineMs: number,
): Promise<T> {
  const deadline = new AbortController();
  // Each search under way listens; a question has some dozens at most, and they leave with it.
  setMaxListeners(LISTENERS_MAX, deadline.signal);
  let timer: NodeJS.Timeout | undefined;
  const overrun = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(tookTooLong(deadlineMs));
      deadline.abort();
    }, deadlineMs);
  });
  try {
    return await Promise.race([work(deadline.signal), overrun]);
  } finally {
    clearTimeout(timer);
  }
}

function tookTooLong(deadlineMs: number): PolytapeError {
  const message = `The question took longer than ${deadlineMs} ms and was given up. Ask for a shorter range, or try again.`;
  return new PolytapeError("operating", "query_timeout", message, { facts: { deadline_ms: deadlineMs } });
}
