import { inMemoryBus } from "@polytape/event-bus/in-memory";
import { type RejectedRecord, SECOND_MS, type TradeRow, tradeRowKey } from "@polytape/market-model";
import { inMemoryStore } from "@polytape/market-store/in-memory";
import { inMemorySource } from "@polytape/polymarket-source/in-memory";
import type { BackfillInput } from "./backfill-request.ts";
import { type BackfillTradesParts, backfillTrades } from "./backfill-trades.ts";

/** A tape with nothing on it and an upstream of handed-in rows, for tests: pages of seven rows, one day wanted. */
export function aBackfill(
  trades: readonly (TradeRow | RejectedRecord)[],
  changes: Partial<BackfillTradesParts> = {},
) {
  const clock = { nowMs: NOW_SECONDS * SECOND_MS };
  const now = () => clock.nowMs;
  const feed = inMemorySource({ trades, now });
  const store = inMemoryStore({ now });
  const bus = inMemoryBus();
  const parts: BackfillTradesParts = {
    source: { readTradePage: (query) => feed.readTradePage({ ...query, limit: 7 }) },
    store,
    bus,
    bounds: { backfillDays: 1, retentionDays: 90 },
    settleSeconds: 600,
    pause: async () => {},
    budget: { pagesMax: 20, batchPages: 2 },
    now,
    signal: new AbortController().signal,
    log: { info: () => {}, warn: () => {}, error: () => {} },
    ...changes,
  };
  let settled = false;
  /** The very first tick only plans the first backfill; all later ones come after the settle time. */
  const run = async (input: BackfillInput = {}, other: Partial<BackfillTradesParts> = {}) => {
    clock.nowMs += SECOND_MS;
    if (!settled) {
      await backfillTrades({ ...parts, ...other }, {});
      settled = true;
      clock.nowMs += parts.settleSeconds * SECOND_MS;
    }
    return backfillTrades({ ...parts, ...other }, input);
  };
  return {
    parts,
    feed,
    store,
    bus,
    clock,
    run,
    /** Ticks until there is nothing to do. Throws when that takes more than so many. */
    async runToEnd(ticksMax = 100): Promise<number> {
      for (let ticks = 1; ticks <= ticksMax; ticks += 1)
        if ((await run())["outcome"] === "nothing_to_do") return ticks;
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

/** How often each row is there: equal rows are different trades. */
export function multiset(rows: readonly TradeRow[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const row of rows) counts[tradeRowKey(row)] = (counts[tradeRowKey(row)] ?? 0) + 1;
  return counts;
}
