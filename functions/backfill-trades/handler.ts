import { setTimeout as pause } from "node:timers/promises";
import { connectEventBus } from "@polytape/event-bus";
import { defineJob } from "@polytape/function-runtime";
import { openMarketStore } from "@polytape/market-store";
import { connectPolymarket } from "@polytape/polymarket-source";
import { backfillInput } from "./backfill-request.ts";
import { backfillTrades } from "./backfill-trades.ts";
import { backfillTradesSettings } from "./settings.ts";

export default defineJob({
  name: "backfill-trades",
  settings: backfillTradesSettings,
  input: backfillInput,
  skip: (settings) => (settings.COLLECT_TRADES ? null : "COLLECT_TRADES=false"),
  connect: async (settings) => ({
    bounds: { backfillDays: settings.BACKFILL_DAYS, retentionDays: settings.RETENTION_DAYS },
    settleSeconds: settings.SETTLE_SECONDS,
    budget: { pagesMax: settings.BACKFILL_PAGES_PER_RUN_MAX, batchPages: 20 },
    pause: (ms: number) => pause(ms),
    source: connectPolymarket({
      gammaUrl: settings.POLYMARKET_GAMMA_URL,
      dataUrl: settings.POLYMARKET_DATA_URL,
      clobUrl: settings.POLYMARKET_CLOB_URL,
      limitShare: 0.4,
      timeoutMs: settings.POLYMARKET_TIMEOUT_MS,
      triesMax: settings.POLYMARKET_TRIES_MAX,
    }),
    store: openMarketStore({
      urls: settings.OPENSEARCH_URL,
      user: settings.OPENSEARCH_USER,
      password: settings.OPENSEARCH_PASSWORD,
      indexPrefix: settings.OPENSEARCH_INDEX_PREFIX,
      timeoutMs: 20_000,
    }),
    bus: await connectEventBus({
      url: settings.NATS_URL,
      user: settings.NATS_USER,
      password: settings.NATS_PASSWORD,
      clientName: "backfill-trades",
    }),
  }),
  run: (parts, input, context) =>
    backfillTrades({ ...parts, ...context, source: parts.source.withSignal(context.signal) }, input),
});
