import { PolytapeError } from "@polytape/market-model";

/** Well under the platform's own limit, so that an overrun gets our envelope and not an empty 504. */
export const ANSWER_WITHIN_MS = 10_000;

/** The work's outcome, or `store_unavailable` when it takes longer than the time given. */
export async function withinDeadline<T>(work: Promise<T>, deadlineMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const overrun = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new PolytapeError("operating", "store_unavailable", `No answer within ${deadlineMs} ms.`)),
      deadlineMs,
    );
  });
  try {
    return await Promise.race([work, overrun]);
  } finally {
    clearTimeout(timer);
  }
}
