import type { MarketPage } from "@polytape/polymarket-source";
import { z } from "zod";

/** How far the sweep of one kind of market (open or closed) is in its present round. */
export const sweepPosition = z.object({
  /** Where the next page starts; null at the beginning of a round. */
  cursor: z.string().nullable(),
  /** Pages and markets read in this round. */
  pages: z.number(),
  markets: z.number(),
  startedAtMs: z.number().nullable(),
  /** When the market was created at which this round stands; null before its first page. */
  reachedMs: z.number().nullable().default(null),
  /** Rounds that came to their end, how long the last one took, and how many markets it saw. */
  rounds: z.number(),
  lastRoundMs: z.number().nullable(),
  lastRoundMarkets: z.number().nullable(),
});
export type SweepPosition = z.infer<typeof sweepPosition>;

export const beforeFirstRound: SweepPosition = {
  cursor: null,
  pages: 0,
  markets: 0,
  startedAtMs: null,
  reachedMs: null,
  rounds: 0,
  lastRoundMs: null,
  lastRoundMarkets: null,
};

/** The position after a page was stored; the page without a next cursor ends the round. */
export function afterSweptPage(
  position: SweepPosition,
  page: Pick<MarketPage, "markets" | "nextCursor">,
  nowMs: number,
): SweepPosition {
  const startedAtMs = position.startedAtMs ?? nowMs;
  const markets = position.markets + page.markets.length;
  if (page.nextCursor !== null)
    return {
      ...position,
      cursor: page.nextCursor,
      pages: position.pages + 1,
      markets,
      startedAtMs,
      reachedMs: page.markets.at(-1)?.createdAtMs ?? position.reachedMs,
    };
  return {
    ...beforeFirstRound,
    rounds: position.rounds + 1,
    lastRoundMs: nowMs - startedAtMs,
    lastRoundMarkets: markets,
  };
}

/** The upstream no longer knows the cursor: the round starts anew and does not count. */
export function restartRound(position: SweepPosition): SweepPosition {
  return { ...position, cursor: null, pages: 0, markets: 0, startedAtMs: null, reachedMs: null };
}
