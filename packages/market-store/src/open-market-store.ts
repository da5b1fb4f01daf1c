import { performance } from "node:perf_hooks";
import type { EpochMs } from "@polytape/market-model";
import { z } from "zod";
import { checkpoints } from "./bookkeeping/checkpoints.ts";
import { coverageLedger } from "./bookkeeping/coverage-documents.ts";
import { rejectionSamples } from "./bookkeeping/rejection-samples.ts";
import { bookShelf } from "./books/book-shelf.ts";
import { candleShelf } from "./candles/candle-shelf.ts";
import type { MarketStore, StoreSettings } from "./market-store.ts";
import { marketCatalogue } from "./markets/market-catalogue.ts";
import { readAnswer } from "./opensearch/answers.ts";
import { connectStore } from "./opensearch/connection.ts";
import { indexNames } from "./opensearch/index-names.ts";
import { schemaGuard } from "./opensearch/schema-version.ts";
import type { StoreParts } from "./opensearch/store-parts.ts";
import { indexRetention } from "./retention/index-retention.ts";
import { storeRoom } from "./room/store-room.ts";
import { type StoredDays, storedDays } from "./trades/stored-days.ts";
import { tradeTape } from "./trades/trade-tape.ts";
import { storeBackups } from "./upkeep/store-backups.ts";
import { readStoreState, readStoreVersions } from "./upkeep/store-state.ts";

const healthAnswer = z.object({ status: z.enum(["green", "yellow", "red"]) });

/** The store behind the settings. Connects when first asked; `now` is the clock of `ingestedAtMs`. */
export function openMarketStore(settings: StoreSettings, options: { now?: () => EpochMs } = {}): MarketStore {
  const store = connectStore(settings);
  const names = indexNames(settings.indexPrefix);
  const now = options.now ?? Date.now;
  const parts: StoreParts = { store, names, now, ready: schemaGuard(store, names) };
  return marketStoreOn(parts, storedDays(names, now));
}

/** What is remembered of the server is given, because several views of one store share it. */
function marketStoreOn(parts: StoreParts, days: StoredDays): MarketStore {
  const { store } = parts;
  const states = checkpoints(parts);

  return {
    markets: marketCatalogue(parts),
    trades: tradeTape(parts, days),
    candles: candleShelf(parts),
    books: bookShelf(parts, states),
    checkpoints: states,
    coverage: coverageLedger(parts),
    rejections: rejectionSamples(parts),
    retention: indexRetention(parts),
    room: storeRoom(parts),
    backups: storeBackups(parts),
    inspect: () => readStoreState(parts),
    versions: () => readStoreVersions(parts),
    async health() {
      const startedMs = performance.now();
      const answer = await store.request({
        method: "GET",
        path: "/_cluster/health",
        query: { filter_path: "status" },
      });
      const { status } = readAnswer(healthAnswer, answer.body, "the cluster's health");
      return { status, tookMs: Math.round(performance.now() - startedMs) };
    },
    cancelledBy: (signal) => marketStoreOn({ ...parts, store: store.cancelledBy(signal) }, days),
    close: () => store.close(),
  };
}
