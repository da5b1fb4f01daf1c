import { type EpochMs, hasCode } from "@polytape/market-model";
import { isWriteBlock, type MarketStore } from "@polytape/market-store";

/** Read by `polytape doctor`. */
export const RETENTION_CHECKPOINT = "retention";

/**
 * Leaves what a run came to and when. Never stands in the way of deleting: on a full disk it cannot be written, and of
 * two runs at once one says it for both.
 */
export async function noteOutcome(
  { checkpoints }: Pick<MarketStore, "checkpoints">,
  said: { readonly outcome: string; readonly atMs: EpochMs },
): Promise<void> {
  try {
    const before = await checkpoints.read(RETENTION_CHECKPOINT);
    await checkpoints.write(RETENTION_CHECKPOINT, said, before?.version ?? null);
  } catch (error) {
    if (!isWriteBlock(error) && !hasCode(error, "store_conflict")) throw error;
  }
}
