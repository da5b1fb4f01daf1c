import type { JobReport } from "@polytape/function-runtime";
import type { MarketStore } from "@polytape/market-store";
import { readSettleState } from "./settle-state.ts";
import { tapeStateSchema } from "./walk.ts";

/**
 * How far the tape reaches, as moments of event time in seconds: how long ago they are is asked of the clock by whoever
 * watches, also while no run ends well. What is not known yet is left out.
 */
export async function tellReach(
  store: Pick<MarketStore, "checkpoints">,
  feed: { readonly name: string; readonly isWhole: boolean },
): Promise<JobReport> {
  const [tape, settled] = await Promise.all([
    store.checkpoints.read(`trades:${feed.name}`),
    feed.isWhole ? readSettleState(store, feed.name) : null,
  ]);
  const { anchor, head, walk } = tapeStateSchema.safeParse(tape?.state).data ?? {};
  const stored = [anchor, head, walk?.head].flatMap((second) => second?.tsSeconds ?? []);
  const settledTo = settled?.state.settledToSeconds ?? null;
  return {
    ...(stored.length > 0 && { newest_trade_timestamp_seconds: Math.max(...stored) }),
    ...(anchor && { covered_to_timestamp_seconds: anchor.tsSeconds }),
    ...(settledTo !== null && { settled_to_timestamp_seconds: settledTo }),
  };
}
