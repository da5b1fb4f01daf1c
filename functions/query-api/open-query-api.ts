import { createAccessGate } from "@polytape/api-access";
import { connectEventBus } from "@polytape/event-bus";
import { type HttpRequest, type Log, natsConnection, openSearchConnection } from "@polytape/function-runtime";
import { openMarketStore } from "@polytape/market-store";
import type { z } from "zod";
import { apiParts } from "./api-parts.ts";
import { createApp } from "./app.ts";
import { connectAccess } from "./connect-access.ts";
import type { queryApiSettings } from "./settings.ts";

/**
 * Over the time that an answer may take, which ends a request first. Shorter would give up a search that a busy
 * store is about to answer, and ask the same again beside it: more work just when there is too much.
 */
const STORE_MARGIN_MS = 1_000;

export interface QueryApi {
  readonly respond: (request: HttpRequest) => Response | Promise<Response>;
  /** Writes the counts of use at once; goes on answering. */
  flushUsage(): Promise<void>;
  close(): Promise<void>;
}

/** The service on real servers. Waits for none of them: what is away is said in the answers. */
export function openQueryApi(settings: z.output<typeof queryApiSettings>, log: Log): QueryApi {
  const store = openMarketStore({
    ...openSearchConnection(settings),
    timeoutMs: settings.API_QUERY_TIMEOUT_MS + STORE_MARGIN_MS,
  });
  const limits = { rateRps: settings.API_RATE_RPS, dailyCap: settings.API_DAILY_CAP };
  const gate = createAccessGate(limits, (hash, reason) => log.warn("key-record-invalid", { hash, reason }));
  const connect = () => connectEventBus({ ...natsConnection(settings), clientName: "query-api" });
  const bus = connectAccess(gate, connect, log);
  let closing: Promise<unknown> | null = null;
  return {
    respond: createApp(apiParts({ store, gate, bus, settings, log, now: Date.now })),
    flushUsage: bus.flushNow,
    async close() {
      closing ??= Promise.all([bus.close(), store.close()]);
      await closing;
    },
  };
}
