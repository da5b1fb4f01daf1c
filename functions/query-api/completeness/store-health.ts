import { type EpochMs, isWithin } from "@polytape/market-model";
import type { MarketStore } from "@polytape/market-store";
import { withinDeadline } from "../http/within-deadline.ts";

/** Long enough that a flood of health checks costs the store nothing, short enough to be the truth. */
const KEPT_MS = 1_000;

/** A store that takes longer is away, as far as anybody who asks for its health is concerned. */
const HEALTH_WITHIN_MS = 3_000;

type Health = Awaited<ReturnType<MarketStore["health"]>>;

/** The store's health, asked at most once a second; null when it does not answer. */
export function createStoreHealth(
  store: Pick<MarketStore, "health" | "cancelledBy">,
  now: () => EpochMs,
  onTrouble: (error: unknown) => void,
): () => Promise<Health | null> {
  let asked: { atMs: EpochMs; answer: Promise<Health | null> } | null = null;
  return () => {
    if (asked && isWithin(asked.atMs, now(), KEPT_MS)) return asked.answer;
    const asking = withinDeadline((signal) => store.cancelledBy(signal).health(), HEALTH_WITHIN_MS);
    const answer = asking.catch((error: unknown) => {
      onTrouble(error);
      return null;
    });
    asked = { atMs: now(), answer };
    return answer;
  };
}
