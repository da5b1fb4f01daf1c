import type { Backfill, Walk } from "./backfill-state.ts";

type Claim = Backfill["claim"];

/**
 * What is written down before a batch is stored, beside what an earlier call had claimed and not told of. Only while a
 * claim is resumed are rows told of that were there already: the candles would be built anew for every reading.
 */
export function claimOf(walk: Walk, resumed: Claim): Claim {
  if (resumed && !isPast(walk, resumed)) return resumed;
  return { walkId: walk.id, pages: walk.pages, oldestSeconds: walk.oldestSeconds };
}

/** What remains claimed when the batch is stored and told of: a call may read less than the one that died. */
export function leftOf(walk: Walk, resumed: Claim): Claim {
  return resumed && !isPast(walk, resumed) ? resumed : null;
}

function isPast({ id, pages, oldestSeconds, end }: Walk, claim: NonNullable<Claim>): boolean {
  if (end !== null || (id === claim.walkId && pages >= claim.pages)) return true;
  return oldestSeconds !== null && claim.oldestSeconds !== null && oldestSeconds < claim.oldestSeconds;
}
