/**
 * How often each message failed by what may be its own fault. The server counts all deliveries, those of an outage too;
 * these are of this process: a trigger that starts anew is patient anew.
 */
export interface FailureCounts {
  /** One more; answers how many there are. */
  add(streamSequence: number): number;
  forget(streamSequence: number): void;
}

/** As many messages as a consumer may have out; of more, the ones that failed first are forgotten. */
const MESSAGES_MAX = 1_000;

export function createFailureCounts(messagesMax: number = MESSAGES_MAX): FailureCounts {
  const counts = new Map<number, number>();
  return {
    add(streamSequence) {
      const count = (counts.get(streamSequence) ?? 0) + 1;
      counts.set(streamSequence, count);
      for (const first of counts.keys()) {
        if (counts.size <= messagesMax) break;
        counts.delete(first);
      }
      return count;
    },
    forget: (streamSequence) => void counts.delete(streamSequence),
  };
}
