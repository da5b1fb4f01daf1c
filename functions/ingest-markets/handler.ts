import {
  defineJob,
  openSearchConnection,
  polymarketConnection,
  reportUpstreamUse,
} from "@polytape/function-runtime";
import { openMarketStore } from "@polytape/market-store";
import { connectPolymarket } from "@polytape/polymarket-source";
import { z } from "zod";
import { ingestMarkets } from "./ingest-markets.ts";
import { budgetOf, ingestMarketsSettings } from "./settings.ts";

export default defineJob({
  name: "ingest-markets",
  settings: ingestMarketsSettings,
  input: z.unknown(),
  skip: (settings) => (settings.COLLECT_MARKETS ? null : "COLLECT_MARKETS=false"),
  connect: async (settings) => ({
    budget: budgetOf(settings),
    source: connectPolymarket({ ...polymarketConnection(settings), limitShare: 0.4 }),
    store: openMarketStore({ ...openSearchConnection(settings), timeoutMs: 10_000 }),
  }),
  run: (parts, _input, context) => {
    const source = parts.source.withSignal(context.signal);
    return reportUpstreamUse(source, () => ingestMarkets({ ...parts, ...context, source }));
  },
});
