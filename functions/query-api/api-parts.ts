import { type AccessGate, createFairTurns } from "@polytape/api-access";
import { errorFacts, type Log } from "@polytape/function-runtime";
import { type EpochMs, SECOND_MS } from "@polytape/market-model";
import type { MarketStore } from "@polytape/market-store";
import type { z } from "zod";
import { createMarketLookup } from "./catalogue/market-lookup.ts";
import { createCompletenessReader } from "./completeness/completeness-reader.ts";
import { createStoreHealth } from "./completeness/store-health.ts";
import type { ApiParts } from "./http/route.ts";
import { version } from "./package.json";
import type { queryApiSettings } from "./settings.ts";

/** Questions that wait for their turn, of all keys together: what waits longer than a question may take is given up. */
const WAITING_MAX = 1_000;

/** What routes work with, from what differs between a deployment and a test. */
export function apiParts({
  store,
  gate,
  bus,
  settings,
  log,
  now,
}: {
  store: MarketStore;
  gate: AccessGate;
  bus: ApiParts["bus"];
  settings: Pick<
    z.output<typeof queryApiSettings>,
    "RETENTION_DAYS" | "SETTLE_SECONDS" | "CANDLES_INTERVALS" | "API_QUERY_TIMEOUT_MS" | "API_ANSWERS_AT_ONCE"
  >;
  log: Log;
  now: () => EpochMs;
}): ApiParts {
  return {
    store,
    gate,
    turns: createFairTurns({ atOnce: settings.API_ANSWERS_AT_ONCE, waitingMax: WAITING_MAX }),
    bus,
    log,
    now,
    markets: createMarketLookup(store.markets, now),
    completeness: createCompletenessReader(store.coverage, now),
    health: createStoreHealth(store, now, (error) => log.warn("store-away", errorFacts(error))),
    rules: {
      retentionDays: settings.RETENTION_DAYS,
      settleMs: settings.SETTLE_SECONDS * SECOND_MS,
      candleIntervals: settings.CANDLES_INTERVALS,
      version,
      queryTimeoutMs: settings.API_QUERY_TIMEOUT_MS,
    },
  };
}
