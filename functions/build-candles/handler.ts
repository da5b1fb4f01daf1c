import { defineJob, openSearchConnection } from "@polytape/function-runtime";
import { openMarketStore } from "@polytape/market-store";
import { buildCandles } from "./build-candles.ts";
import { callInput } from "./call-input.ts";
import { rebuildRange } from "./rebuild-range.ts";
import { buildCandlesSettings } from "./settings.ts";

export default defineJob({
  name: "build-candles",
  settings: buildCandlesSettings,
  input: callInput,
  connect: async (settings) => ({
    intervals: settings.CANDLES_INTERVALS,
    settleMs: settings.SETTLE_SECONDS * 1000,
    callMs: 20_000,
    sliceMinutes: 2_000,
    store: openMarketStore({ ...openSearchConnection(settings), timeoutMs: 20_000 }),
  }),
  run: (parts, input, context) =>
    "rebuild" in input
      ? rebuildRange({ ...parts, ...context }, input.rebuild)
      : buildCandles({ ...parts, ...context }, input),
});
