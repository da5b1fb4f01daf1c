import { setTimeout as pause } from "node:timers/promises";
import { connectEventBus } from "@polytape/event-bus";
import {
  defineJob,
  natsConnection,
  openSearchConnection,
  polymarketConnection,
  reportUpstreamUse,
} from "@polytape/function-runtime";
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
    upstreamLagSecondsMax: settings.UPSTREAM_LAG_SECONDS_MAX,
    budget: { pagesMax: settings.BACKFILL_PAGES_PER_RUN_MAX, batchPages: 20 },
    pause: (ms: number) => pause(ms),
    source: connectPolymarket({ ...polymarketConnection(settings), limitShare: 0.4 }),
    store: openMarketStore({ ...openSearchConnection(settings), timeoutMs: 20_000 }),
    bus: await connectEventBus({ ...natsConnection(settings), clientName: "backfill-trades" }),
  }),
  run: (parts, input, context) => {
    const source = parts.source.withSignal(context.signal);
    return reportUpstreamUse(source, () => backfillTrades({ ...parts, ...context, source }, input));
  },
});
