/** What the servers say of the writes of everybody. */
export interface WriteLoad {
  /** Refused since their start, for want of a place in the queue or of memory. */
  readonly refused: number;
  /** In the longest queue of a server. */
  readonly waiting: number;
  /** Memory of writes under way, as a share of what makes a server refuse more: the highest. */
  readonly pressure: number;
  /** How long they took to tell. */
  readonly tookMs: number;
}

/** Of a small question that takes some ten milliseconds. */
const TOOK_MS_MAX = 3_000;
/** Our own collectors make a dozen, and some hundred at once where a backfill writes to many days. */
const WAITING_MAX = 50;
/** At 1 the store refuses: whoever gives way does so before. */
const PRESSURE_MAX = 0.5;

/** Why the store has too much to do for those that give way, in words for an operator; null when it has not. */
export function overloadOf(load: WriteLoad, before: WriteLoad | null): string | null {
  // A server that was started anew counts from zero.
  const refused = before === null ? 0 : Math.max(0, load.refused - before.refused);
  if (refused > 0) return `writes refused since the last look: ${refused}`;
  if (load.pressure > PRESSURE_MAX)
    return `writes under way take ${Math.round(load.pressure * 100)} % of the memory for all`;
  if (load.waiting > WAITING_MAX) return `writes that wait: ${load.waiting}`;
  if (load.tookMs > TOOK_MS_MAX) return `a small question took ${load.tookMs} ms`;
  return null;
}
