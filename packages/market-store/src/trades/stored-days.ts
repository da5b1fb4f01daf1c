import { type EpochMs, isWithin } from "@polytape/market-model";
import { z } from "zod";
import { readAnswer } from "../opensearch/answers.ts";
import type { StoreConnection } from "../opensearch/connection.ts";
import type { IndexNames } from "../opensearch/index-names.ts";

/**
 * How long a list of days may be used. Less than the two seconds by which the first page of a cursor looks
 * back, so that the trades of a day that has just begun are never left out of it.
 */
const KEEP_MS = 1_000;

const resolveAnswer = z.object({ indices: z.array(z.object({ name: z.string() })).default([]) });

/** What several views of one store remember together; each reads by its own connection, which may be given up. */
export interface StoredDays {
  /** Event days that have an index, oldest first. */
  list(store: StoreConnection): Promise<readonly EpochMs[]>;
  /** Says that the day has an index now. */
  noteWritten(dayMs: EpochMs): void;
}

export function storedDays(names: IndexNames, now: () => EpochMs): StoredDays {
  let known: { readonly days: readonly EpochMs[]; readonly atMs: EpochMs } | null = null;
  let written = new Set<EpochMs>();
  let notes = 0;

  async function fetchDays(store: StoreConnection): Promise<readonly EpochMs[]> {
    const answer = await store.request({ method: "GET", path: `/_resolve/index/${names.tradesPattern}` });
    const { indices } = readAnswer(resolveAnswer, answer.body, "the list of indices");
    return indices
      .map(({ name }) => names.dayOfTrades(name))
      .filter((day) => day !== null)
      .sort((a, b) => a - b);
  }

  return {
    async list(store) {
      const [askedMs, askedAtNote] = [now(), notes];
      if (known && isWithin(known.atMs, askedMs, KEEP_MS)) return known.days;
      const days = await fetchDays(store);
      // A day that was written meanwhile may be missing in it.
      if (askedAtNote === notes) {
        known = { days, atMs: askedMs };
        written = new Set([...written].filter((day) => days.includes(day)));
      }
      return days;
    },
    noteWritten(dayMs) {
      if (written.has(dayMs)) return;
      written.add(dayMs);
      notes += 1;
      known = null;
    },
  };
}
