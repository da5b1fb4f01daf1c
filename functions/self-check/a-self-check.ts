import { inMemoryBus } from "@polytape/event-bus/in-memory";
import {
  type CoverageInterval,
  DAY_MS,
  numberEqualTrades,
  type RejectedRecord,
  SECOND_MS,
  type TradeRow,
} from "@polytape/market-model";
import { aMarket, aTradeRow } from "@polytape/market-model/testing";
import { inMemoryStore } from "@polytape/market-store/in-memory";
import { inMemorySource } from "@polytape/polymarket-source/in-memory";
import type { SelfCheckInput } from "./check-request.ts";
import { type SelfCheckParts, selfCheck } from "./self-check.ts";

/** The day that is checked, and when: a little more than the settle time after its end. */
export const DAY = Date.parse("2026-11-20T00:00:00Z");
export const NOW = DAY + DAY_MS + 3_600_000;

/** The nth market of the tests. */
export const marketOf = (n: number): string => `0x${n.toString(16).padStart(64, "0")}`;

/** Rows of some markets over the day, newest first, every third equal to its neighbour; and some after it. */
export function aDayOfRows(markets: readonly number[], perMarket: number): TradeRow[] {
  const stepSeconds = Math.floor(86_400 / perMarket);
  return markets
    .flatMap((market) =>
      Array.from({ length: perMarket }, (_, i) =>
        aTradeRow({
          marketId: marketOf(market),
          assetId: `${market}1`,
          tsSeconds: DAY / SECOND_MS + (i - (i % 3 === 1 ? 1 : 0)) * stepSeconds,
        }),
      ).concat(
        aTradeRow({ marketId: marketOf(market), assetId: `${market}1`, tsSeconds: NOW / SECOND_MS - 5 }),
        aTradeRow({ marketId: marketOf(market), assetId: `${market}1`, tsSeconds: DAY / SECOND_MS - 5 }),
      ),
    )
    .sort((a, b) => b.tsSeconds - a.tsSeconds);
}

/** A tape that has stored some of what the upstream serves, and says that the day is complete. */
export async function aSelfCheck(
  {
    served,
    isStored = () => true,
    state = "complete",
  }: {
    served: readonly (TradeRow | RejectedRecord)[];
    isStored?: (row: TradeRow, place: number) => boolean;
    state?: CoverageInterval["state"];
  },
  changes: Partial<SelfCheckParts> = {},
) {
  const clock = { nowMs: NOW - 1_800_000 };
  const now = () => clock.nowMs;
  const feed = inMemorySource({ trades: served, now });
  const store = inMemoryStore({ now });
  const bus = inMemoryBus();
  const warnings: string[] = [];
  const rows = served.filter((each): each is TradeRow => "marketId" in each);
  const numbered = numberEqualTrades().number(rows, { rowSet: "taker", receivedAtMs: now() });
  await store.trades.createTrades(numbered.filter((row, place) => isStored(row, place)));
  await store.coverage.recordIntervals([statementOf(null, state)]);
  clock.nowMs = NOW;
  const parts: SelfCheckParts = {
    source: {
      readTradePage: (query) => feed.readTradePage({ ...query, limit: 5 }),
      readStatus: () => feed.readStatus(),
    },
    store,
    bus,
    bounds: { settleSeconds: 600, retentionDays: 90, upstreamLagSecondsMax: 60 },
    sample: { marketsMax: 20, volumeRatioMax: 2 },
    budget: { pagesMax: 100, timeMs: 40_000 },
    pause: async () => {},
    now,
    signal: new AbortController().signal,
    log: {
      info: () => {},
      warn: (event, facts) => void warnings.push(`${event} ${JSON.stringify(facts)}`),
      error: () => {},
    },
    ...changes,
  };
  return {
    parts,
    feed,
    store,
    bus,
    clock,
    warnings,
    run: async (input: SelfCheckInput = {}, other: Partial<SelfCheckParts> = {}) => {
      clock.nowMs += SECOND_MS;
      return selfCheck({ ...parts, ...other }, input);
    },
    async stored(): Promise<string[]> {
      const found = await store.trades.findTrades({ sort: "asc", limit: 10_000, ...dayRange });
      return found.map(({ tradeId }) => tradeId).sort();
    },
    /** Identities of all rows of the day that the upstream serves. */
    served: numbered
      .filter(({ tsSeconds }) => tsSeconds * SECOND_MS >= DAY && tsSeconds * SECOND_MS < DAY + DAY_MS)
      .map(({ tradeId }) => tradeId)
      .sort(),
    timeline: (marketId: string) =>
      store.coverage.readTimeline({ stream: "trades", marketId, fromMs: DAY, toMs: DAY + DAY_MS }),
  };
}

export const dayRange = { fromMs: DAY, toMs: DAY + DAY_MS };

export function statementOf(marketId: string | null, state: CoverageInterval["state"]): CoverageInterval {
  const cause = state === "complete" || state === "unknown" ? null : "collector_down";
  return { stream: "trades", marketId, assetId: null, ...dayRange, state, cause, evidence: { walk_id: "w" } };
}

export function anActiveMarket(market: number, changes: Parameters<typeof aMarket>[0] = {}) {
  return aMarket({ marketId: marketOf(market), gammaId: String(market), slug: `m-${market}`, ...changes });
}
