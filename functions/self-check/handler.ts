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
import { selfCheckInput } from "./check-request.ts";
import { selfCheck } from "./self-check.ts";
import { selfCheckSettings } from "./settings.ts";

export default defineJob({
  name: "self-check",
  settings: selfCheckSettings,
  input: selfCheckInput,
  skip: (settings) => {
    if (!settings.COLLECT_TRADES) return "COLLECT_TRADES=false";
    return settings.SELF_CHECK_MARKETS === 0 ? "SELF_CHECK_MARKETS=0" : null;
  },
  connect: async (settings) => ({
    bounds: {
      settleSeconds: settings.SETTLE_SECONDS,
      retentionDays: settings.RETENTION_DAYS,
      upstreamLagSecondsMax: settings.UPSTREAM_LAG_SECONDS_MAX,
    },
    sample: {
      marketsMax: settings.SELF_CHECK_MARKETS,
      volumeRatioMax: settings.SELF_CHECK_VOLUME_RATIO_MAX,
    },
    budget: { pagesMax: settings.SELF_CHECK_PAGES_MAX, timeMs: 40_000 },
    pause: (ms: number) => pause(ms),
    source: connectPolymarket({ ...polymarketConnection(settings), limitShare: 0.2 }),
    store: openMarketStore({ ...openSearchConnection(settings), timeoutMs: 20_000 }),
    bus: await connectEventBus({ ...natsConnection(settings), clientName: "self-check" }),
  }),
  run: (parts, input, context) => {
    const source = parts.source.withSignal(context.signal);
    return reportUpstreamUse(source, () => selfCheck({ ...parts, ...context, source }, input));
  },
});
