import type { EpochMs } from "@polytape/market-model";
import type { MarketStore } from "@polytape/market-store";

/** Long enough that a flood of health checks costs the store nothing, short enough to be the truth. */
const KEPT_MS = 1_000;

type Health = Awaited<ReturnType<MarketStore["health"]>>;

/** The store's health, asked at most once a second; null when it does not answer. */
export function createStoreHealth(
  store: Pick<MarketStore, "health">,
  now: () => EpochMs,
  onTrouble: (error: unknown) => void,
): () => Promise<Health | null> {
  let asked: { atMs: EpochMs; answer: Promise<Health | null> } | null = null;
  return () => {
    if (asked && now() - asked.atMs < KEPT_MS) return asked.answer;
    const answer = store.health().catch((error: unknown) => {
      onTrouble(error);
      return null;
    });
    asked = { atMs: now(), answer };
    return answer;
  };
}
