import { randomBytes } from "node:crypto";
import { createAccessGate, issueKey } from "@polytape/api-access";
import { inMemoryBucket } from "@polytape/api-access/in-memory";
import { createLog } from "@polytape/function-runtime";
import { CANDLE_INTERVALS } from "@polytape/market-model";
import type { MarketStore } from "@polytape/market-store";
import { apiParts, createApp } from "@polytape/query-api/app";
import { byContract } from "@polytape/query-api/testing/contract";

export interface QueryApiOverStore {
  /** Asks in this process; `key: null`: without one. Every answer has passed what the OpenAPI document says. */
  send(
    path: string,
    request?: { method?: string; headers?: Record<string, string>; key?: null },
  ): Promise<Response>;
  readonly log: readonly string[];
}

/** The service over a real store, without limits; keys are in memory, because other suites are about them. */
export async function queryApiOver(store: MarketStore, now: () => number): Promise<QueryApiOverStore> {
  const gate = createAccessGate({ rateRps: 100_000, dailyCap: 10_000_000 });
  const keys = inMemoryBucket();
  await gate.keys.follow(keys);
  await gate.usage.load(inMemoryBucket());
  const { key } = await issueKey(keys, { plan: "weekly" }, { nowMs: now(), randomBytes });
  const settings = {
    RETENTION_DAYS: 90,
    SETTLE_SECONDS: 600,
    CANDLES_INTERVALS: [...CANDLE_INTERVALS],
    API_QUERY_TIMEOUT_MS: 10_000,
    API_ANSWERS_AT_ONCE: 4,
  };
  const log: string[] = [];
  const parts = {
    ...{ store, gate, settings, now },
    bus: { isConnected: () => true, serverVersion: () => "2.14.9" },
    log: createLog("query-api", (line) => log.push(line)),
  };
  const respond = createApp(apiParts(parts));
  return {
    log,
    send: async (path, { method = "GET", headers = {}, key: given = key } = {}) => {
      const all = given === null ? headers : { ...headers, "x-api-key": given };
      return byContract(
        { path, method },
        await respond(new Request(`http://function${path}`, { method, headers: all })),
      );
    },
  };
}
