import { DAY_MS, type EpochMs, hasCode, windowStart } from "@polytape/market-model";
import { z } from "zod";
import type { UsageStore } from "./record-bucket.ts";

/** Days of counts that are kept of each key, today included. */
export const USAGE_DAYS_MAX = 31;
/** Tries of one flush of one key against other writers. */
const FLUSH_TRIES_MAX = 5;
/** Keys written at once: one after the other, a thousand active keys would take longer than a second. */
const FLUSHES_AT_ONCE = 32;

/** Requests by UTC day (`2026-11-22`), as kept under a key's id. */
const usageSchema = z.object({ days: z.record(z.iso.date(), z.int().nonnegative()) });
type Days = Readonly<Record<string, number>>;

/**
 * Requests per key and UTC day. Counted in memory and added to the store every second, so that the daily
 * cap survives a restart; a process that is killed forgets at most one second's traffic. Several
 * processes may add to the same counts.
 */
export interface UsageLedger {
  usedOn(keyId: string, nowMs: EpochMs): number;
  count(keyId: string, nowMs: EpochMs): void;
  /** Newest first. */
  byDay(keyId: string): { day: string; requests: number }[];
  isReady(): boolean;
  /** Reads all counts there are; resolves when they are read. */
  load(store: Pick<UsageStore, "watch">): Promise<void>;
  /**
   * Adds what was counted since the last time. Throws what the store throws; nothing is lost by that. A call
   * during a flush waits for its end: two at once would add the same counts twice.
   */
  flush(store: Pick<UsageStore, "get" | "put">): Promise<void>;
}

export function utcDay(atMs: EpochMs): string {
  return new Date(atMs).toISOString().slice(0, 10);
}

/** Whole seconds until the next UTC midnight, at least one. */
export function secondsToMidnight(nowMs: EpochMs): number {
  return Math.ceil((windowStart(nowMs, DAY_MS) + DAY_MS - nowMs) / 1_000);
}

export function createUsageLedger(): UsageLedger {
  /** What the store is known to hold. */
  const stored = new Map<string, Days>();
  /** What was counted here and is not in `stored` yet. */
  const pending = new Map<string, Days>();
  let ready = false;
  let lastFlush: Promise<void> = Promise.resolve();

  async function flushKey(
    store: Pick<UsageStore, "get" | "put">,
    keyId: string,
    counted: Days,
  ): Promise<void> {
    for (let tries = 1; ; tries += 1) {
      const current = await store.get(keyId);
      const days = newestDays(addDays(readDays(current?.value ?? null), counted));
      try {
        await store.put(keyId, { days }, current?.revision ?? 0);
      } catch (error) {
        if (hasCode(error, "bus_conflict") && tries < FLUSH_TRIES_MAX) continue;
        throw error;
      }
      stored.set(keyId, days);
      const left = subtractDays(pending.get(keyId) ?? {}, counted);
      if (Object.keys(left).length === 0) pending.delete(keyId);
      else pending.set(keyId, left);
      return;
    }
  }

  return {
    usedOn(keyId, nowMs) {
      const day = utcDay(nowMs);
      return (stored.get(keyId)?.[day] ?? 0) + (pending.get(keyId)?.[day] ?? 0);
    },
    count(keyId, nowMs) {
      pending.set(keyId, addDays(pending.get(keyId) ?? {}, { [utcDay(nowMs)]: 1 }));
    },
    byDay: (keyId) =>
      Object.entries(addDays(stored.get(keyId) ?? {}, pending.get(keyId) ?? {}))
        .map(([day, requests]) => ({ day, requests }))
        .sort((a, b) => b.day.localeCompare(a.day)),
    isReady: () => ready,
    load: (store) =>
      new Promise((resolve, reject) => {
        let stop: (() => void) | null = null;
        store
          .watch({
            entry: (keyId, value) => {
              if (!ready && value !== null) stored.set(keyId, readDays(value));
            },
            ready: () => {
              ready = true;
              stop?.();
              resolve();
            },
          })
          .then((stopWatching) => {
            stop = stopWatching;
            if (ready) stopWatching();
          }, reject);
      }),
    flush(store) {
      const flushAll = async (): Promise<void> => {
        const counts = [...pending];
        for (let start = 0; start < counts.length; start += FLUSHES_AT_ONCE) {
          const some = counts.slice(start, start + FLUSHES_AT_ONCE);
          // All of them end before the next flush begins: one that goes on alone would count twice.
          const ends = await Promise.allSettled(
            some.map(([keyId, counted]) => flushKey(store, keyId, counted)),
          );
          const failed = ends.find((end) => end.status === "rejected");
          if (failed) throw failed.reason;
        }
      };
      const flush = lastFlush.then(flushAll);
      // Whoever called hears of trouble; the next flush starts all the same.
      lastFlush = flush.catch(() => undefined);
      return flush;
    },
  };
}

/** A count that cannot be read is no count: usage is not worth refusing a paying reader for. */
function readDays(value: unknown): Days {
  const read = usageSchema.safeParse(value);
  return read.success ? read.data.days : {};
}

function addDays(a: Days, b: Days): Days {
  const sum: Record<string, number> = { ...a };
  for (const [day, count] of Object.entries(b)) sum[day] = (sum[day] ?? 0) + count;
  return sum;
}

function subtractDays(a: Days, b: Days): Days {
  return Object.fromEntries(
    Object.entries(a)
      .map(([day, count]): [string, number] => [day, count - (b[day] ?? 0)])
      .filter(([, count]) => count > 0),
  );
}

function newestDays(days: Days): Days {
  return Object.fromEntries(
    Object.entries(days)
      .sort(([a], [b]) => b.localeCompare(a))
      .slice(0, USAGE_DAYS_MAX),
  );
}
