import type { TouchedWindow } from "@polytape/event-bus";
import { ingestTrades } from "@polytape/ingest-trades/ingest-trades.ts";
import { PolytapeError } from "@polytape/market-model";
import { indexNames, type MarketStore, openMarketStore, type StoreSettings } from "@polytape/market-store";
import { applyStoreSchema } from "@polytape/opensearch";
import type { PolymarketConnection } from "@polytape/polymarket-source";
import type { BenchGround } from "./bench-ground.ts";
import { atLeast, figure, type JudgedFigure } from "./figure.ts";
import { connectUnlimited } from "./in-process-tick.ts";
import { type RawDocument, rateOfBulk } from "./raw-bulk.ts";
import { medianPair } from "./statistics.ts";
import { storedDocuments } from "./stored-documents.ts";

/** The first pair warms up every process and is not counted. */
const PAIRS = 4;
/** On a machine so busy that pairs take long, fewer of them have to do. */
const ENOUGH_AFTER_MS = 60_000;
const PAGES = 60;
/** As the function's composition root sets it. */
const BATCH_ROWS_MAX = 5_000;

/** What later figures are measured on. */
export interface IngestedTrades {
  readonly figures: readonly JudgedFigure[];
  /** Index that the last run of the job filled. */
  readonly index: string;
  readonly settings: StoreSettings;
  readonly store: MarketStore;
  readonly windows: readonly TouchedWindow[];
  readonly documents: readonly RawDocument[];
}

/**
 * The job `ingest-trades` on its first walk, everything real but its limiter, against bodies made before
 * that create the same documents in an index of the same template. Job and ceiling take turns.
 */
export async function measureIngest(ground: BenchGround): Promise<IngestedTrades> {
  const { stack, server, worldEndMs } = ground;
  const settings: StoreSettings = {
    urls: [stack.urls.openSearch],
    indexPrefix: "bench-",
    timeoutMs: 60_000,
  };
  await applyStoreSchema(settings);
  const names = indexNames(settings.indexPrefix);
  const store = openMarketStore(settings);
  const source = connectUnlimited(ground);
  const index = names.tradesOfDay(worldEndMs - 1);
  const feedRate = await readFeed(source);

  const startedMs = performance.now();
  const pairs: { value: number; ceiling: number }[] = [];
  let windows: TouchedWindow[] = [];
  let documents: RawDocument[] = [];
  for (let pair = 1; pair <= PAIRS; pair += 1) {
    if (pair > 1) await server.request({ method: "DELETE", path: `/${index}` });
    await server.request({ method: "PUT", path: `/${index}` });
    windows = [];
    const value = await rateOfJob(ground, { source, store, windows, feedName: `bench-${pair}` });
    if (documents.length === 0) documents = await storedDocuments(ground, index);
    const ceiling = await rateOfBulk(ground, `${names.tradesPattern.replace("*", "")}raw-${pair}`, documents);
    const note = pair === 1 ? " (warming up)" : "";
    ground.tell(`  ${Math.round(value)} trades/s by the job, ${Math.round(ceiling)} by raw bulk${note}`);
    if (pair > 1) pairs.push({ value, ceiling });
    if (pairs.length > 0 && performance.now() - startedMs > ENOUGH_AFTER_MS) break;
  }
  const best = medianPair(pairs);
  const figures = [
    figure({ name: "trades stored by ingest-trades", unit: "trades/s", ...best }, atLeast(0.6)),
    figure({
      name: "rows of the simulated feed, read only",
      unit: "rows/s",
      value: feedRate,
      ceiling: best.ceiling,
    }),
  ];
  return { figures, index, settings, store, windows, documents };
}

/** Reads the pages that the job will read, twice: the first time the simulator has still to make them. */
async function readFeed(source: PolymarketConnection): Promise<number> {
  let rowsPerSecond = 0;
  for (let round = 0; round < 2; round += 1) {
    const startedMs = performance.now();
    let cursor: string | null = null;
    let rows = 0;
    for (let pages = 0; pages < PAGES; pages += 1) {
      const page = await source.readTradePage({ rowSet: "taker", limit: 1_000, cursor });
      rows += page.rows.length;
      cursor = page.nextCursor;
      if (cursor === null)
        throw new PolytapeError("bug", "feed_too_short", "The simulated history is too short.");
    }
    rowsPerSecond = (rows / (performance.now() - startedMs)) * 1_000;
  }
  return rowsPerSecond;
}

async function rateOfJob(
  { bus }: BenchGround,
  run: { source: PolymarketConnection; store: MarketStore; windows: TouchedWindow[]; feedName: string },
): Promise<number> {
  const startedMs = performance.now();
  const report = await ingestTrades({
    source: run.source,
    store: run.store,
    bus: {
      // To the subject that nobody listens to, so that no candles are built beside the measurement.
      publishTradesStored(_rowSet, touched) {
        run.windows.push(...touched);
        return bus.publishTradesStored("all", touched);
      },
    },
    feed: { name: run.feedName, rowSet: "taker", isWhole: false },
    budget: { pagesMax: PAGES, batchRowsMax: BATCH_ROWS_MAX },
    now: Date.now,
    signal: AbortSignal.timeout(120_000),
    log: { info: () => {}, warn: () => {}, error: () => {} },
  });
  const stored = Number(report["stored"]);
  if (!(stored > 0) || report["repeated"] !== 0)
    throw new PolytapeError(
      "bug",
      "not_a_first_walk",
      `The job did not store anew: ${JSON.stringify(report)}`,
    );
  return (stored / (performance.now() - startedMs)) * 1_000;
}
