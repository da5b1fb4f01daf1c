import type { TouchedWindow } from "@polytape/event-bus";
import type { JobReport } from "@polytape/function-runtime";
import { collectTrades } from "@polytape/ingest-trades/collect-trades.ts";
import { connectPolymarket, type PolymarketConnection } from "@polytape/polymarket-source";
import type { BenchGround } from "./bench-ground.ts";
import { type Effort, effortOf } from "./effort.ts";
import type { ScratchStore } from "./scratch-store.ts";
import { worldNow } from "./world.ts";

/** The upstream's documented limit bounds a real run to 8,000 rows a second; here the code is measured. */
const LIMIT_LIFTED = 100;
/** As the function's composition root sets it. */
const BATCH_ROWS_MAX = 5_000;
/** Longer than the simulated world lives: the settle walk's checkpoint is read, but none begins. */
const NEVER_SECONDS = 10_000_000_000;

export interface Tick {
  readonly effort: Effort;
  readonly report: JobReport;
  /** What the tick told about the minutes of its trades. */
  readonly windows: readonly TouchedWindow[];
}

/** One run of `ingest-trades` as it is deployed, in this process, over its real clients. */
export async function tickInProcess(
  ground: BenchGround,
  parts: { readonly source: PolymarketConnection; readonly scratch: ScratchStore; readonly pagesMax: number },
): Promise<Tick> {
  const windows: TouchedWindow[] = [];
  const nowMs = await worldNow(ground);
  const { effort, result } = await effortOf(ground, () =>
    collectTrades({
      source: parts.source,
      store: parts.scratch.store,
      bus: quietBus(ground, windows),
      feed: { name: "bench", rowSet: "taker", isWhole: true },
      budget: { pagesMax: parts.pagesMax, batchRowsMax: BATCH_ROWS_MAX },
      settle: { afterSeconds: 600, everySeconds: NEVER_SECONDS, pagesMax: 10, upstreamLagSecondsMax: 60 },
      pause: async () => {},
      now: () => nowMs,
      signal: AbortSignal.timeout(120_000),
      log: SILENT,
    }),
  );
  return { effort, report: result, windows };
}

export const SILENT = { info: () => {}, warn: () => {}, error: () => {} };

/** Publishes where nobody listens, so that no candles are built beside the measurement. */
export function quietBus({ bus }: BenchGround, windows: TouchedWindow[] = []) {
  return {
    publish: bus.publish,
    publishTradesStored(_rowSet: string, touched: readonly TouchedWindow[]) {
      windows.push(...touched);
      return bus.publishTradesStored("all", touched);
    },
  };
}

/** In the time of the world, which stands still: by another clock its status would be out of date. */
export function connectUnlimited({ stack, world }: BenchGround): PolymarketConnection {
  const url = stack.urls.simulator;
  const startedMs = performance.now();
  const settings = {
    gammaUrl: `${url}/gamma`,
    dataUrl: `${url}/data`,
    clobUrl: `${url}/clob`,
    limitShare: LIMIT_LIFTED,
    timeoutMs: 20_000,
    triesMax: 3,
  };
  // A hundredth of the real pace moves the limiter's windows, and keeps the status fresh for a whole run.
  return connectPolymarket(settings, { now: () => world.nowMs + (performance.now() - startedMs) / 100 });
}

/** Reads the newest pages once: the simulator makes rows when they are first asked for. */
export async function warmFeed(source: PolymarketConnection, pages: number): Promise<void> {
  let cursor: string | null = null;
  for (let page = 0; page < pages; page += 1) {
    const { nextCursor } = await source.readTradePage({ rowSet: "taker", limit: 1_000, cursor });
    if (nextCursor === null) return;
    cursor = nextCursor;
  }
}
