import { buildCandles } from "@polytape/build-candles/build-candles.ts";
import { CANDLE_INTERVALS, PolytapeError } from "@polytape/market-model";
import type { BenchGround } from "./bench-ground.ts";
import { candleMessages } from "./candle-messages.ts";
import { candlesOfTrades } from "./candles-of-trades.ts";
import { figure, type JudgedFigure } from "./figure.ts";
import type { IngestedTrades } from "./ingest-rate.ts";
import { medianPair } from "./statistics.ts";

const PAIRS = 3;
/** On a machine so busy that pairs take long, fewer of them have to do. */
const ENOUGH_AFTER_MS = 20_000;

/**
 * The job `build-candles` from messages to candles on disk, all windows of the trades stored before, against
 * folding and merging the same trades in memory. The job's first run writes; the further ones find the same
 * candles and write nothing, so only the index of candles is emptied in between.
 */
export async function measureCandles(ground: BenchGround, ingested: IngestedTrades): Promise<JudgedFigure> {
  const { store, settings } = ingested;
  const messages = candleMessages(ingested.windows);
  const trades = await store.trades.readMinutes(
    ingested.windows.flatMap(({ assetId, minutesMs }) =>
      minutesMs.map((openTimeMs) => ({ assetId, openTimeMs })),
    ),
  );
  const begunMs = performance.now();
  const pairs: { value: number; ceiling: number }[] = [];
  for (let pair = 0; pair < PAIRS; pair += 1) {
    await ground.server.request({ method: "DELETE", path: `/${settings.indexPrefix}candles_v1-*` });
    const startedMs = performance.now();
    const report = await buildCandles(
      {
        store,
        intervals: CANDLE_INTERVALS,
        settleMs: 600_000,
        now: Date.now,
        signal: AbortSignal.timeout(120_000),
      },
      messages,
    );
    const tookMs = performance.now() - startedMs;
    if (!(Number(report["written"]) > 0))
      throw new PolytapeError("bug", "no_candles", `No candle was written: ${JSON.stringify(report)}`);
    const ceiling = rateOf(trades.length, () => candlesOfTrades(trades));
    pairs.push({ value: (trades.length / tookMs) * 1_000, ceiling });
    if (performance.now() - begunMs > ENOUGH_AFTER_MS) break;
  }
  return figure({ name: "trades made into stored candles", unit: "trades/s", ...medianPair(pairs) });
}

function rateOf(count: number, work: () => unknown): number {
  const startedMs = performance.now();
  work();
  return (count / (performance.now() - startedMs)) * 1_000;
}
