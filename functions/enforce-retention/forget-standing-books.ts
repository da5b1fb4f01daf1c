import { type EpochMs, hasCode } from "@polytape/market-model";
import { BOOKS_CHECKPOINT, booksCheckpointState, type MarketStore } from "@polytape/market-store";

/** Runs of snapshot-book write the same checkpoint every few seconds. */
const TRIES_MAX = 5;

/**
 * Makes snapshot-book store anew the books that still stand although they last changed before the moment: an
 * unchanged book costs no document, so its only one may lie in an index that is about to go. Comes before the
 * deletion: a book stored twice is harmless, one that is stored nowhere is not found until it changes.
 * Returns how many tokens were forgotten. Throws `store_conflict` when the checkpoint is never let go of.
 */
export async function forgetStandingBooks(
  { checkpoints }: Pick<MarketStore, "checkpoints">,
  lastChangedBeforeMs: EpochMs,
): Promise<number> {
  for (let tried = 1; ; tried += 1) {
    const checkpoint = await checkpoints.read(BOOKS_CHECKPOINT);
    const known = booksCheckpointState.safeParse(checkpoint?.state);
    // None, or one that snapshot-book will complain about: it is not this job's to repair.
    if (checkpoint === null || !known.success) return 0;
    const all = Object.entries(known.data.tokens);
    const kept = all.filter(([, { tsMs }]) => tsMs >= lastChangedBeforeMs);
    if (kept.length === all.length) return 0;
    try {
      const state = { ...known.data, tokens: Object.fromEntries(kept) };
      await checkpoints.write(BOOKS_CHECKPOINT, state, checkpoint.version);
      return all.length - kept.length;
    } catch (error) {
      if (!hasCode(error, "store_conflict") || tried >= TRIES_MAX) throw error;
    }
  }
}
