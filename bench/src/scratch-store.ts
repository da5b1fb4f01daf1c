import {
  type IndexNames,
  indexNames,
  type MarketStore,
  openMarketStore,
  type StoreSettings,
} from "@polytape/market-store";
import { applyStoreSchema } from "@polytape/opensearch";
import type { BenchGround } from "./bench-ground.ts";

/** An empty store of its own on the server of the run, for one measurement. */
export interface ScratchStore {
  readonly store: MarketStore;
  readonly names: IndexNames;
  readonly settings: StoreSettings;
}

export async function openScratchStore({ stack }: BenchGround, name: string): Promise<ScratchStore> {
  const settings = { urls: [stack.urls.openSearch], indexPrefix: `bench-${name}-`, timeoutMs: 60_000 };
  await applyStoreSchema(settings);
  return { store: openMarketStore(settings), names: indexNames(settings.indexPrefix), settings };
}

/** Closes it and deletes what it holds of trades and candles, so that nothing is merged beside what comes next. */
export async function dropScratchStore(
  { server }: BenchGround,
  { store, names }: ScratchStore,
): Promise<void> {
  await store.close();
  for (const pattern of [names.tradesPattern, `${names.candles}-*`])
    await server.request({ method: "DELETE", path: `/${pattern}` });
}
