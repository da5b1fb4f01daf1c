import { createAccessGate } from "@polytape/api-access";
import { connectEventBus } from "@polytape/event-bus";
import { defineHttp } from "@polytape/function-runtime";
import { openMarketStore } from "@polytape/market-store";
import { apiParts } from "./api-parts.ts";
import { createApp } from "./app.ts";
import { connectAccess } from "./connect-access.ts";
import { queryApiSettings } from "./settings.ts";

export default defineHttp({
  name: "query-api",
  settings: queryApiSettings,
  open: (settings, log) => {
    const store = openMarketStore({
      urls: settings.OPENSEARCH_URL,
      user: settings.OPENSEARCH_USER,
      password: settings.OPENSEARCH_PASSWORD,
      indexPrefix: settings.OPENSEARCH_INDEX_PREFIX,
      timeoutMs: 4_000,
    });
    const limits = { rateRps: settings.API_RATE_RPS, dailyCap: settings.API_DAILY_CAP };
    const gate = createAccessGate(limits, (hash, reason) => log.warn("key-record-invalid", { hash, reason }));
    const connect = () =>
      connectEventBus({
        url: settings.NATS_URL,
        user: settings.NATS_USER,
        password: settings.NATS_PASSWORD,
        clientName: "query-api",
        connectWithinMs: Number.POSITIVE_INFINITY,
      });
    const bus = connectAccess(gate, connect, log);
    return createApp(apiParts({ store, gate, bus, settings, log, now: Date.now }));
  },
});
