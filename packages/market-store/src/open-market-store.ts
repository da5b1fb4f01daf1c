import { performance } from "node:perf_hooks";
import type { EpochMs } from "@polytape/market-model";
import { z } from "zod";
import { checkpoints } from "./bookkeeping/checkpoints.ts";
import { coverageLedger } from "./bookkeeping/coverage-documents.ts";
import { rejectionSamples } from "./bookkeeping/rejection-samples.ts";
import { type BookLooks, bookLooks } from "./books/book-looks.ts";
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
import { type TapeMemory, tapeMemory, tradeTape } from "./trades/trade-tape.ts";
import { storeBackups } from "./upkeep/store-backups.ts";
import { readStoreState, readStoreVersions } from "./upkeep/store-state.ts";

const healthAnswer = z.object({ status: z.enum(["green", "yellow", "red"]) });

/** The store behind the settings. Connects when first asked; `now` is the clock of `ingestedAtMs`. */
export function openMarketStore(settings: StoreSettings, options: { now?: () => EpochMs } = {}): MarketStore {
  const store = connectStore(settings);
  const names = indexNames(settings.indexPrefix);
  const now = options.now ?? Date.now;
  const parts: StoreParts = { store, names, now, ready: schemaGuard(store, names) };
  return marketStoreOn(parts, { tape: tapeMemory(names, now), looks: bookLooks(now) });
}

/** What is remembered of the server; several views of one store share it. */
interface StoreMemory {
  readonly tape: TapeMemory;
  readonly looks: BookLooks;
}

/** A question has a view of its own and asks one or two families: each is made when it is first asked for. */
function marketStoreOn(parts: StoreParts, memory: StoreMemory): MarketStore {
  const { store } = parts;
  const made: { -readonly [Family in keyof MarketStore]?: MarketStore[Family] } = {};

  return {
    get markets() {
      made.markets ??= marketCatalogue(parts);
      return made.markets;
    },
    get trades() {
      made.trades ??= tradeTape(parts, memory.tape);
      return made.trades;
    },
    get candles() {
      made.candles ??= candleShelf(parts);
      return made.candles;
    },
    get books() {
      made.books ??= bookShelf(parts, this.checkpoints, memory.looks);
      return made.books;
    },
    get checkpoints() {
      made.checkpoints ??= checkpoints(parts);
      return made.checkpoints;
    },
    get coverage() {
      made.coverage ??= coverageLedger(parts);
      return made.coverage;
    },
    get rejections() {
      made.rejections ??= rejectionSamples(parts);
      return made.rejections;
    },
    get retention() {
      made.retention ??= indexRetention(parts);
      return made.retention;
    },
    get room() {
      made.room ??= storeRoom(parts);
      return made.room;
    },
    get backups() {
      made.backups ??= storeBackups(parts);
      return made.backups;
    },
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
    cancelledBy: (signal) => marketStoreOn({ ...parts, store: store.cancelledBy(signal) }, memory),
    close: () => store.close(),
  };
}
