import { PolytapeError } from "@polytape/market-model";

/** What a piece of work is taken to cost while it goes on; corrected by what it did cost. */
const EXPECTED_MS = 10;

/** Hands out a few places to work among keys, so that none waits behind another's line. */
export interface FairTurns {
  /**
   * Does the work when it is the key's turn, and gives its outcome. A signal that fires takes it out of the line or ends
   * its turn, whatever the work still does, and rejects with the signal's reason. Throws `server_busy` when too many
   * wait already.
   */
  take<T>(keyId: string, work: () => Promise<T>, signal: AbortSignal): Promise<T>;
}

interface Line {
  /** Where on the work clock the key's next turn starts. */
  nextStartMs: number;
  underway: number;
  readonly waiting: (() => void)[];
}

/**
 * So many pieces of work at once, and of all that wait first one of the key that has used least: start-time fair
 * queuing (Goyal, Vin and Cheng, 1996). The work clock stands where the newest turn started; a key's next turn starts
 * where its last one ended, or now when it had nothing going on, and the earliest start goes first. So a key that
 * asks seldom goes before all that ask much, and those share equally, by the time that their answers take.
 */
export function createFairTurns(
  { atOnce, waitingMax }: { readonly atOnce: number; readonly waitingMax: number },
  nowMs: () => number = () => performance.now(),
): FairTurns {
  /** Of keys with something waiting or under way; in the order of their coming. */
  const lines = new Map<string, Line>();
  let workClockMs = 0;
  let underway = 0;
  let waiting = 0;

  function lineOf(keyId: string): Line {
    const line = lines.get(keyId) ?? { nextStartMs: 0, underway: 0, waiting: [] };
    lines.set(keyId, line);
    if (line.waiting.length === 0 && line.underway === 0)
      line.nextStartMs = Math.max(line.nextStartMs, workClockMs);
    return line;
  }

  function startNext(): void {
    if (underway >= atOnce) return;
    let next: Line | null = null;
    for (const line of lines.values())
      if (line.waiting.length > 0 && (next === null || line.nextStartMs < next.nextStartMs)) next = line;
    next?.waiting[0]?.();
  }

  /** Waits for a turn; the rejection of a signal that fires takes it out of the line. */
  function turn(line: Line, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = () => {
        waiting -= 1;
        line.waiting.splice(line.waiting.indexOf(begin), 1);
        signal.removeEventListener("abort", giveUp);
      };
      const begin = () => {
        leave();
        underway += 1;
        line.underway += 1;
        workClockMs = Math.max(workClockMs, line.nextStartMs);
        line.nextStartMs += EXPECTED_MS;
        resolve();
      };
      const giveUp = () => {
        leave();
        reject(signal.reason);
      };
      signal.addEventListener("abort", giveUp, { once: true });
      waiting += 1;
      line.waiting.push(begin);
      startNext();
    });
  }

  /** A key whose account is behind the work clock has nothing to remember. */
  function forgetIdle(): void {
    for (const [keyId, line] of lines)
      if (line.underway === 0 && line.waiting.length === 0 && line.nextStartMs <= workClockMs)
        lines.delete(keyId);
  }

  return {
    async take(keyId, work, signal) {
      signal.throwIfAborted();
      if (waiting >= waitingMax)
        throw new PolytapeError("operating", "server_busy", `${waiting} questions wait already.`);
      const line = lineOf(keyId);
      await turn(line, signal);
      const startedMs = nowMs();
      try {
        signal.throwIfAborted();
        return await untilGivenUp(work(), signal);
      } finally {
        line.nextStartMs += nowMs() - startedMs - EXPECTED_MS;
        line.underway -= 1;
        underway -= 1;
        startNext();
        forgetIdle();
      }
    },
  };
}

/** The outcome of the work, unless the signal fires first: what has not heard of it then goes on unheeded. */
function untilGivenUp<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const giveUp = () => reject(signal.reason);
    signal.addEventListener("abort", giveUp, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", giveUp));
  });
}
