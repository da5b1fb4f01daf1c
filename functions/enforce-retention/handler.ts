import { defineJob, openSearchConnection } from "@polytape/function-runtime";
import { BOOKS_ROLLOVER, openMarketStore } from "@polytape/market-store";
import { enforceRetention, retentionInput } from "./enforce-retention.ts";
import { enforceRetentionSettings } from "./settings.ts";

export default defineJob({
  name: "enforce-retention",
  settings: enforceRetentionSettings,
  input: retentionInput,
  connect: async (settings) => ({
    retentionDays: settings.RETENTION_DAYS,
    budget: { indicesMax: settings.RETENTION_INDICES_PER_RUN_MAX, documentsAtOnce: 5_000 },
    rollover: BOOKS_ROLLOVER,
    store: openMarketStore({ ...openSearchConnection(settings), timeoutMs: 30_000 }),
  }),
  run: (parts, input, context) => enforceRetention({ ...parts, ...context }, input),
});
