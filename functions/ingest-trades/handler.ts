import { setTimeout as pause } from "node:timers/promises";
import { connectEventBus } from "@polytape/event-bus";
import {
  defineJob,
  type Log,
  natsConnection,
  openSearchConnection,
  polymarketConnection,
  reportUpstreamUse,
} from "@polytape/function-runtime";
import { openMarketStore } from "@polytape/market-store";
import { connectPolymarket } from "@polytape/polymarket-source";
import { z } from "zod";
import { collectTrades, provesTheTape } from "./collect-trades.ts";
import { ingestTradesSettings } from "./settings.ts";

export default defineJob({
  name: "ingest-trades",
  settings: ingestTradesSettings,
  input: z.object({}).loose(),
  skip: (settings) => (settings.COLLECT_TRADES ? null : "COLLECT_TRADES=false"),
  connect: async (settings, log) => ({
    feed: feedOf(settings, log),
    budget: { pagesMax: settings.TRADES_PAGES_PER_RUN_MAX, batchRowsMax: 5_000 },
    pause: (ms: number) => pause(ms),
    settle: {
      afterSeconds: settings.SETTLE_SECONDS,
      everySeconds: settings.SETTLE_EVERY_SECONDS,
      pagesMax: settings.SETTLE_PAGES_PER_RUN_MAX,
      upstreamLagSecondsMax: settings.UPSTREAM_LAG_SECONDS_MAX,
    },
    source: connectPolymarket({ ...polymarketConnection(settings), limitShare: 0.4 }),
    store: openMarketStore({ ...openSearchConnection(settings), timeoutMs: 20_000 }),
    bus: await connectEventBus({
      ...natsConnection(settings),
      clientName: `ingest-trades ${settings.TRADES_FEED}`,
    }),
  }),
  run: (parts, _input, context) => {
    const source = parts.source.withSignal(context.signal);
    return reportUpstreamUse(source, () => collectTrades({ ...parts, ...context, source }));
  },
});

/** Says once that the ledger stays empty: nothing on the tape would be called complete, and nobody would see why. */
function feedOf(settings: z.output<typeof ingestTradesSettings>, log: Log) {
  const { TRADES_FEED: name, TRADES_ROW_SET: rowSet, TRADES_FEED_IS_WHOLE: isWhole } = settings;
  const feed = { name, rowSet, isWhole };
  if (!provesTheTape(feed))
    log.warn("ledger_not_written", { feed: name, row_set: rowSet, is_whole: isWhole });
  return feed;
}
