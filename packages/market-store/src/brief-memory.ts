import { type EpochMs, isWithin } from "@polytape/market-model";

/**
 * One value that is remembered for a while, counted from when it was asked for. Whoever finds none reads it by his own
 * means, so that a reading that is given up fails for nobody else; of two at once the one asked for later stays.
 */
export function briefMemory<Value>(
  now: () => EpochMs,
  keepMs: number,
): (read: (askedMs: EpochMs) => Promise<Value>) => Promise<Value> {
  let last: { readonly value: Value; readonly atMs: EpochMs } | null = null;
  return async (read) => {
    const askedMs = now();
    if (last && isWithin(last.atMs, askedMs, keepMs)) return last.value;
    const value = await read(askedMs);
    const isOlder = last !== null && last.atMs >= askedMs && last.atMs <= now();
    if (!isOlder) last = { value, atMs: askedMs };
    return value;
  };
}
