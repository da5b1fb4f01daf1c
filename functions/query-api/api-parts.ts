import { type AccessGate, createFairTurns, type FairTurns } from "@polytape/api-access";
import { errorFacts, type Log } from "@polytape/function-runtime";
import { type EpochMs, SECOND_MS } from "@polytape/market-model";
import type { MarketStore } from "@polytape/market-store";
import type { z } from "zod";
import { createMarketLookups } from "./catalogue/market-lookup.ts";
import { createCompletenessReaders } from "./completeness/completeness-reader.ts";
import { createStoreHealth } from "./completeness/store-health.ts";
import type { ApiParts } from "./http/route.ts";
import { version } from "./package.json";
import { createStoreVersions } from "./routes/get-status/store-versions.ts";
import { createTapeFreshness } from "./routes/get-status/tape-freshness.ts";
import type { queryApiSettings } from "./settings.ts";

/** Questions that wait for their turn, of all keys together: what waits longer than a question may take is given up. */
const WAITING_MAX = 1_000;

/** What is there for all questions. */
export interface SharedParts extends Omit<ApiParts, keyof Readers> {
  /** Who is answered next, when more is asked than can be answered at once. */
  readonly turns: FairTurns;
  /** What reads for one question, until its signal fires. */
  readersFor(signal: AbortSignal): Readers;
}

type Readers = Pick<ApiParts, "store" | "markets" | "completeness" | "freshness" | "versions">;

/** The service's parts, from what differs between a deployment and a test. */
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
}): SharedParts {
  const lookupOf = createMarketLookups(now);
  const readerOf = createCompletenessReaders(now);
  const freshnessOf = createTapeFreshness(now);
  const versionsOf = createStoreVersions(now, log);
  return {
    readersFor(signal) {
      const own = store.cancelledBy(signal);
      const completeness = readerOf(own.coverage);
      return {
        store: own,
        markets: lookupOf(own.markets),
        completeness,
        freshness: () => freshnessOf({ store: own, completeness }),
        versions: () => versionsOf(own),
      };
    },
    gate,
    turns: createFairTurns({ atOnce: settings.API_ANSWERS_AT_ONCE, waitingMax: WAITING_MAX }),
    bus,
    log,
    now,
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
