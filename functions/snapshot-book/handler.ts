import {
  defineJob,
  openSearchConnection,
  polymarketConnection,
  reportUpstreamUse,
} from "@polytape/function-runtime";
import { openMarketStore } from "@polytape/market-store";
import { connectPolymarket } from "@polytape/polymarket-source";
import { z } from "zod";
import { snapshotBookSettings } from "./settings.ts";
import { snapshotBook } from "./snapshot-book.ts";

export default defineJob({
  name: "snapshot-book",
  settings: snapshotBookSettings,
  input: z.unknown(),
  skip: (settings) => (settings.COLLECT_BOOKS ? null : "COLLECT_BOOKS=false"),
  connect: async (settings) => ({
    levelsMax: settings.BOOK_LEVELS,
    marketsMax: settings.BOOK_MARKETS_MAX,
    assetIds: settings.BOOK_ASSETS ?? null,
    source: connectPolymarket({ ...polymarketConnection(settings), limitShare: 0.4 }),
    store: openMarketStore({ ...openSearchConnection(settings), timeoutMs: 10_000 }),
  }),
  run: (parts, _input, context) => {
    const source = parts.source.withSignal(context.signal);
    return reportUpstreamUse(source, () => snapshotBook({ ...parts, ...context, source }));
  },
});
