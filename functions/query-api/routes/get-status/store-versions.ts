import { errorFacts, type Log } from "@polytape/function-runtime";
import { type EpochMs, MINUTE_MS } from "@polytape/market-model";
import type { MarketStore, StoreVersions } from "@polytape/market-store";

const KEPT_MS = MINUTE_MS;

/**
 * The store's versions, asked at most once a minute by whichever question comes first, while the others take what was
 * known before; null: not known.
 */
export function createStoreVersions(
  now: () => EpochMs,
  log: Log,
): (store: Pick<MarketStore, "versions">) => Promise<StoreVersions | null> {
  let known: StoreVersions | null = null;
  let askAgainMs = Number.NEGATIVE_INFINITY;
  return async (store) => {
    if (now() < askAgainMs) return known;
    askAgainMs = now() + KEPT_MS;
    try {
      known = await store.versions();
    } catch (error) {
      log.warn("versions-not-read", errorFacts(error));
      known = null;
    }
    return known;
  };
}
