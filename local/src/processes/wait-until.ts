import { setTimeout as pause } from "node:timers/promises";

/** Asks again and again, until the answer is yes (true) or the time is over or the signal aborts (false). */
export async function waitUntil(
  isSo: () => boolean | Promise<boolean>,
  { deadlineMs, everyMs = 50, signal }: { deadlineMs: number; everyMs?: number; signal?: AbortSignal },
): Promise<boolean> {
  const endMs = performance.now() + deadlineMs;
  for (;;) {
    if (await isSo()) return true;
    if (performance.now() >= endMs || signal?.aborted === true) return false;
    await pause(everyMs);
  }
}
