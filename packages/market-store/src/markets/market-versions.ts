import { createHash } from "node:crypto";
import { type EpochMs, type Market, MINUTE_MS } from "@polytape/market-model";
import type { StoredMarket } from "../market-store.ts";
import { type MarketDocument, marketDocument } from "./market-document.ts";

export interface MarketDecision {
  readonly write: "nothing" | "create" | "update";
  /** What is to be stored. */
  readonly market: Market;
  /** The change document that goes before it; null when nothing tracked has changed. */
  readonly change: MarketChange | null;
}

/** One observed version of what is tracked of a market. */
export interface MarketChange {
  /** Market id and content hash: the same version is one document, however often it is observed. */
  readonly id: string;
  readonly content: TrackedContent;
}

export type TrackedContent = ReturnType<typeof trackedContent>;

/**
 * What an observation does to a market, given what is stored of it. An observation that is older by the
 * venue's `updatedAt` (by our own clock where the venue states none, or none to be believed) changes nothing.
 */
export function decideMarket(
  stored: StoredMarket | undefined,
  observed: Market,
  observedAtMs: EpochMs,
): MarketDecision {
  if (!stored) return { write: "create", market: observed, change: changeTo(observed) };
  const market = withKnownTags(stored, observed);
  if (isOlder(stored, observed, observedAtMs) || sameMarket(stored, market))
    return { write: "nothing", market: stored, change: null };
  const change = changeTo(market);
  return { write: "update", market, change: change.id === changeTo(stored).id ? null : change };
}

function isOlder(stored: StoredMarket, observed: Market, observedAtMs: EpochMs): boolean {
  const storedMs = believedUpdate(stored.updatedAtMs, stored.observedAtMs);
  const observedMs = believedUpdate(observed.updatedAtMs, observedAtMs);
  if (storedMs !== null && observedMs !== null && storedMs !== observedMs) return observedMs < storedMs;
  return observedAtMs < stored.observedAtMs;
}

/** Clocks drift by seconds. */
const AHEAD_MS_MAX = 5 * MINUTE_MS;

/** Nothing changed after it was seen; a time in the future, believed, would freeze the market until then. */
function believedUpdate(updatedAtMs: EpochMs | null, seenAtMs: EpochMs): EpochMs | null {
  return updatedAtMs !== null && updatedAtMs <= seenAtMs + AHEAD_MS_MAX ? updatedAtMs : null;
}

/** An answer without tags says nothing about them; it does not say that there are none. */
function withKnownTags(stored: Market, observed: Market): Market {
  if (observed.tags !== null || stored.tags === null) return observed;
  return { ...observed, tags: stored.tags, category: stored.category };
}

function sameMarket(a: Market, b: Market): boolean {
  return JSON.stringify(marketDocument(a)) === JSON.stringify(marketDocument(b));
}

function changeTo(market: Market): MarketChange {
  const content = trackedContent(marketDocument(market));
  const hash = createHash("sha256").update(JSON.stringify(content)).digest().toString("base64url", 0, 16);
  return { id: `${market.marketId}-${hash}`, content };
}

/** Not volume, liquidity, probability: they change at every look. (design 6) */
function trackedContent(document: MarketDocument) {
  return {
    title: document.title,
    description: document.description,
    status: document.status,
    created_at: document.created_at,
    close_time: document.close_time,
    closed_at: document.closed_at,
    outcomes: document.outcomes.map(({ name, asset_id, winner }) => ({ name, asset_id, winner })),
    fees: document.fees,
    tick_size: document.tick_size,
    tags: document.tags,
  };
}

/** The n-th sight of one market in a list goes into the n-th round, so that each sees the one before. */
export function roundsOf(markets: readonly Market[]): Market[][] {
  const seen = new Map<string, number>();
  const rounds: Market[][] = [];
  for (const market of markets) {
    const round = seen.get(market.marketId) ?? 0;
    seen.set(market.marketId, round + 1);
    const others = rounds[round];
    if (others) others.push(market);
    else rounds.push([market]);
  }
  return rounds;
}
