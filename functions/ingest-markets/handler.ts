import { defineJob } from "@polytape/function-runtime";
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
      timeoutMs: 10_000,
    }),
  }),
  run: (parts, _input, context) =>
    ingestMarkets({ ...parts, ...context, source: parts.source.withSignal(context.signal) }),
});
