import { inMemoryBus } from "@polytape/event-bus/in-memory";
import {
  type CoverageInterval,
  type RejectedRecord,
  SECOND_MS,
  type TradeRow,
  tradeRowKey,
} from "@polytape/market-model";
import { aTradeRow } from "@polytape/market-model/testing";
import { inMemoryStore } from "@polytape/market-store/in-memory";
import { inMemorySource } from "@polytape/polymarket-source/in-memory";
import { NEXT_JOB } from "./backfill-jobs.ts";
import { readList } from "./backfill-list.ts";
import { type BackfillInput, backfillInput } from "./backfill-request.ts";
import { type BackfillTradesParts, backfillTrades } from "./backfill-trades.ts";

/**
 * A tape with nothing on it and an upstream of handed-in rows, for tests: pages of seven rows, one day wanted.
 * Jobs are delivered one after the other, again until their call has returned.
 */
export function aBackfill(
  trades: readonly (TradeRow | RejectedRecord)[],
  changes: Partial<BackfillTradesParts> = {},
) {
  const clock = { nowMs: NOW_SECONDS * SECOND_MS };
  const now = () => clock.nowMs;
  const feed = inMemorySource({ trades, now });
  const upstream = { lagSeconds: 4 };
  const store = inMemoryStore({ now });
  const bus = inMemoryBus();
  const parts: BackfillTradesParts = {
    source: {
      readTradePage: (query) => feed.readTradePage({ ...query, limit: 7 }),
      findMarkets: feed.findMarkets,
      readStatus: async () => ({ lagSeconds: upstream.lagSeconds, computedAtMs: now() }),
    },
    store,
    bus,
    bounds: { backfillDays: 1, retentionDays: 90 },
    settleSeconds: 600,
    pause: async (ms) => {
      clock.nowMs += ms;
    },
    budget: { pagesMax: 20, batchPages: 2 },
    now,
    signal: new AbortController().signal,
    log: { info: () => {}, warn: () => {}, error: () => {} },
    ...changes,
  };
  let settled = false;
  let jobsDone = 0;
  const jobs = () => bus.messages.filter(({ subject }) => subject === NEXT_JOB).slice(jobsDone);
  const call = (input: BackfillInput, other: Partial<BackfillTradesParts>) => {
    clock.nowMs += SECOND_MS;
    return backfillTrades({ ...parts, ...other }, input);
  };
  /** A request; or else the job that waits longest, or the tick and the job that it sends. */
  const run = async (input: BackfillInput = {}, other: Partial<BackfillTradesParts> = {}) => {
    // The very first tick only plans the first backfill; all later ones come after the settle time.
    if (!settled) {
      await call({}, other);
      settled = true;
      clock.nowMs += parts.settleSeconds * SECOND_MS;
    }
    if (Object.keys(input).length > 0) return call(input, other);
    const ticked = jobs().length === 0 ? await call({}, other) : null;
    const [job] = jobs();
    if (!job) return ticked ?? {};
    const report = await call(backfillInput.parse(job.data), other);
    jobsDone += 1;
    return report;
  };
  /** A tick finds a lost job only after some minutes. */
  const isOver = async () => {
    const { entries } = await readList(store.checkpoints);
    if (entries.every(({ open }) => !open)) return true;
    clock.nowMs += 60 * SECOND_MS;
    return false;
  };
  return {
    parts,
    feed,
    upstream,
    store,
    bus,
    clock,
    run,
    jobs,
    /** Ticks until there is nothing to do. Throws when that takes more than so many. */
    async runToEnd(ticksMax = 100): Promise<number> {
      for (let ticks = 1; ticks <= ticksMax; ticks += 1)
        if ((await run())["outcome"] === "nothing_to_do" && (await isOver())) return ticks;
      throw new Error(`not done after ${ticksMax} ticks`);
    },
    stored: () => store.trades.findTrades({ sort: "desc", limit: 10_000 }),
    async intervals() {
      const all = await store.coverage.findIntervals({ fromMs: 0, toMs: 9e15, limit: 1_000 });
      return all.filter(({ state }) => state !== "unknown");
    },
  };
}

/** When the tests take place, seconds. */
export const NOW_SECONDS = 1_790_000_000;
export const DAY_SECONDS = 86_400;

/** `count` rows over a little more than a day, newest first, three a second, each third equal to its neighbour. */
export function aDay(count = 120): TradeRow[] {
  const stepSeconds = Math.ceil((DAY_SECONDS * 3 * 1.1) / count);
  return Array.from({ length: count }, (_, index) =>
    aTradeRow({
      tsSeconds: NOW_SECONDS - 5 - Math.floor(index / 3) * stepSeconds,
      price: index % 3 === 0 ? 0.5 : 0.6,
    }),
  );
}

/** Complete stretches, adjoining ones as one, in seconds. */
export function complete(intervals: readonly CoverageInterval[]): [number, number][] {
  const stretches: [number, number][] = [];
  for (const { fromMs, toMs, state } of intervals) {
    if (state !== "complete") continue;
    const last = stretches.at(-1);
    if (last && last[1] >= fromMs / SECOND_MS) last[1] = Math.max(last[1], toMs / SECOND_MS);
    else stretches.push([fromMs / SECOND_MS, toMs / SECOND_MS]);
  }
  return stretches;
}

/** How often each row is there: equal rows are different trades. */
export function multiset(rows: readonly TradeRow[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const row of rows) counts[tradeRowKey(row)] = (counts[tradeRowKey(row)] ?? 0) + 1;
  return counts;
}
