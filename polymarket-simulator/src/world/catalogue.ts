import {
  conditionIdOf,
  gammaIdOf,
  marketOfConditionId,
  marketOfGammaId,
  marketOfTokenId,
  tokenIdOf,
} from "./market-identity.ts";
import { lifetimeOf, type MarketLifetime } from "./market-lifetime.ts";
import { type EventStory, eventLeaderOf, type MarketStory, tellEvent, tellMarket } from "./market-story.ts";
import { unit } from "./random.ts";
import { PURPOSE, type WorldSettings } from "./world-settings.ts";

/** A market without anything that changes. */
export interface WorldMarket {
  /** Its number: 0 is the oldest. */
  readonly market: number;
  readonly gammaId: string;
  readonly conditionId: string;
  /** Empty for markets from before the order book. */
  readonly tokenIds: readonly string[];
  readonly lifetime: MarketLifetime;
  readonly story: MarketStory;
  readonly eventLeader: number;
  readonly event: EventStory;
  readonly winner: number;
}

/** All markets of the world, made when asked for. */
export interface Catalogue {
  readonly settings: WorldSettings;
  /** Markets that exist at the moment: their numbers are 0 to count − 1. */
  countAt(nowMs: number): number;
  lifetime(market: number): MarketLifetime;
  market(market: number): WorldMarket;
  /** When the object last changed, as of the moment. */
  updatedAtMs(market: number, nowMs: number): number;
  /** The market at a place of popularity, 0 the most traded. */
  marketOfRank(rank: number): number;
  rankOf(market: number): number;
  findByConditionId(conditionId: string, nowMs: number): number | null;
  findByTokenId(tokenId: string, nowMs: number): { market: number; outcome: number } | null;
  findByGammaId(gammaId: string, nowMs: number): number | null;
  findBySlug(slug: string, nowMs: number): number | null;
}

const MARKETS_KEPT_MAX = 8_000;

export function openCatalogue(settings: WorldSettings): Catalogue {
  const { seed, marketCount, epochMs, newMarketsPerHour } = settings;
  const { rankOf, marketOfRank } = popularityOf(marketCount);
  const lifetimes: MarketLifetime[] = [];
  const markets = new Map<number, WorldMarket>();

  const countAt = (nowMs: number) =>
    marketCount + Math.max(0, Math.floor(((nowMs - epochMs) / 3_600_000) * newMarketsPerHour));

  function lifetime(market: number): MarketLifetime {
    const known = lifetimes[market];
    if (known) return known;
    const made = lifetimeOf(settings, market, rankOf(market));
    lifetimes[market] = made;
    return made;
  }

  function marketAt(market: number): WorldMarket {
    const known = markets.get(market);
    if (known) return known;
    if (markets.size >= MARKETS_KEPT_MAX) markets.clear();
    const made = makeMarket(settings, market, lifetime(market));
    markets.set(market, made);
    return made;
  }

  const existing = (market: number | null | undefined, nowMs: number) =>
    market !== null && market !== undefined && market < countAt(nowMs) ? market : null;

  return {
    settings,
    countAt,
    lifetime,
    market: marketAt,
    updatedAtMs: (market, nowMs) => updatedAt(lifetime(market), nowMs),
    marketOfRank,
    rankOf,
    findByConditionId: (conditionId, nowMs) =>
      existing(marketOfConditionId(seed, conditionId.toLowerCase()), nowMs),
    findByTokenId(tokenId, nowMs) {
      const found = marketOfTokenId(seed, tokenId);
      if (existing(found?.market, nowMs) === null || !found) return null;
      return marketAt(found.market).tokenIds[found.outcome] === tokenId ? found : null;
    },
    findByGammaId: (gammaId, nowMs) =>
      /^[0-9]{1,12}$/.test(gammaId) ? existing(marketOfGammaId(seed, Number(gammaId)), nowMs) : null,
    findBySlug(slug, nowMs) {
      const market = existing(Number(/-([0-9]{1,9})$/.exec(slug)?.[1] ?? Number.NaN), nowMs);
      return market !== null && marketAt(market).story.slug === slug ? market : null;
    },
  };
}

function makeMarket(settings: WorldSettings, market: number, lifetime: MarketLifetime): WorldMarket {
  const { seed } = settings;
  const story = tellMarket(settings, market);
  const eventLeader = eventLeaderOf(settings, market);
  // Half of the oldest markets were never given tokens.
  const hasTokens = lifetime.kind !== "legacy" || unit(seed, PURPOSE.marketShape, market, 1) < 0.5;
  return {
    market,
    gammaId: String(gammaIdOf(seed, market)),
    conditionId: conditionIdOf(seed, market),
    tokenIds: hasTokens ? story.outcomes.map((_, outcome) => tokenIdOf(seed, market, outcome)) : [],
    lifetime,
    story,
    eventLeader,
    event: tellEvent(settings, eventLeader),
    winner: winnerOf(seed, market, eventLeader, lifetime, story.outcomes.length),
  };
}

/** Of a negRisk event exactly one member is answered with its first outcome. */
function winnerOf(
  seed: number,
  market: number,
  leader: number,
  lifetime: MarketLifetime,
  outcomes: number,
): number {
  const at = unit(seed, PURPOSE.marketShape, leader, 2);
  if (lifetime.kind === "weather") return market - leader === Math.floor(at * 4) ? 0 : 1;
  return Math.floor(at * outcomes);
}

/** The newest of the object's own dates and of its regular updates, which end with trading. */
function updatedAt(lifetime: MarketLifetime, nowMs: number): number {
  if (nowMs >= lifetime.resolvedAtMs) return lifetime.resolvedAtMs;
  if (nowMs >= lifetime.closedAtMs) return lifetime.closedAtMs;
  const { updatePeriodMs, updatePhaseMs } = lifetime;
  const tick = Math.floor((nowMs - updatePhaseMs) / updatePeriodMs) * updatePeriodMs + updatePhaseMs;
  return Math.max(tick, lifetime.createdAtMs);
}

/** Ranks are the markets in steps of a number without a common factor: a permutation that needs no table. */
function popularityOf(marketCount: number): Pick<Catalogue, "rankOf" | "marketOfRank"> {
  let stride = Math.floor(marketCount * 0.618) || 1;
  while (greatestCommonDivisor(stride, marketCount) !== 1) stride++;
  const back = inverseOf(stride, marketCount);
  return {
    rankOf: (market) =>
      market < marketCount ? (market * back) % marketCount : Math.floor(marketCount * 0.1),
    marketOfRank: (rank) => (rank * stride) % marketCount,
  };
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

function inverseOf(value: number, modulus: number): number {
  let [oldRest, rest] = [value, modulus];
  let [oldFactor, factor] = [1, 0];
  while (rest !== 0) {
    const quotient = Math.floor(oldRest / rest);
    [oldRest, rest] = [rest, oldRest - quotient * rest];
    [oldFactor, factor] = [factor, oldFactor - quotient * factor];
  }
  return ((oldFactor % modulus) + modulus) % modulus;
}
