import type { Catalogue, WorldMarket } from "../world/catalogue.ts";
import type { MarketKind } from "../world/market-lifetime.ts";
import { fairPrice, PRICE_UNITS, tickOf } from "../world/price-path.ts";
import { mix, randomHex, unit } from "../world/random.ts";
import { PURPOSE } from "../world/world-settings.ts";
import { eventObject } from "./event-object.ts";
import { dateOnly, rfc3339, spaced } from "./moment-text.ts";
import { tagObjects } from "./tag-objects.ts";

export type GammaObject = Record<string, unknown>;

/**
 * A market as Gamma writes it at a moment: lists as JSON inside strings, some numbers in strings, dates in
 * four styles, fields missing by share. It changes only when `updatedAt` does: everything that moves is
 * taken as of that moment.
 */
export function marketObject(
  catalogue: Catalogue,
  market: number,
  nowMs: number,
  parts: { events: boolean; tags: boolean },
): GammaObject {
  const world = catalogue.market(market);
  const asOfMs = catalogue.updatedAtMs(market, nowMs);
  const object =
    world.lifetime.kind === "legacy"
      ? legacyObject(catalogue, world, asOfMs)
      : currentObject(catalogue, world, asOfMs);
  if (parts.events) object["events"] = [eventObject(catalogue, world.eventLeader, nowMs, { markets: false })];
  if (parts.tags) object["tags"] = tagObjects(world.event.tags);
  return object;
}

/** Whether the share of markets that carry a field includes this one. */
function has(catalogue: Catalogue, market: number, field: number, share: number): boolean {
  return unit(catalogue.settings.seed, PURPOSE.marketShape, market, 100 + field) < share;
}

/**
 * One literal with the same keys for every market: absent ones are undefined, which JSON leaves out. (Put
 * together from parts, each object would get a shape of its own, and a sweep of a large world would crawl.)
 */
function currentObject(catalogue: Catalogue, world: WorldMarket, asOfMs: number): GammaObject {
  const { seed } = catalogue.settings;
  const { lifetime, story, market } = world;
  const closed = asOfMs >= lifetime.closedAtMs;
  const settled = asOfMs >= lifetime.resolvedAtMs;
  const { kind } = lifetime;
  const tick = tickOf(seed, market);
  const price = fairPrice(seed, market, asOfMs);
  const liquidity = has(catalogue, market, 1, 0.86) ? liquidityOf(catalogue, market, asOfMs) : undefined;
  const volume = volumeOf(catalogue, market, asOfMs);
  const daily = closed ? 0 : volume / Math.max(1, (asOfMs - lifetime.createdAtMs) / DAY_MS);
  const fees = FEES[kind];
  const negRisk = kind === "weather";
  const isFirst = world.eventLeader === market;
  const hasVersion = kind === "politics" && has(catalogue, market, 8, 0.35);
  return {
    id: world.gammaId,
    question: story.question,
    conditionId: world.conditionId,
    slug: story.slug,
    resolutionSource: "",
    endDate: rfc3339(lifetime.endDateMs),
    liquidity: liquidity === undefined ? undefined : String(liquidity),
    startDate: rfc3339(lifetime.createdAtMs + 90_000, mix(seed, market, 2) % 1_000),
    image: story.icon,
    icon: story.icon,
    description: story.description,
    outcomes: JSON.stringify(story.outcomes),
    outcomePrices: pricesOf(catalogue, world, asOfMs, price),
    volume: String(volume),
    active: true,
    closed,
    marketMakerAddress: "",
    createdAt: rfc3339(lifetime.createdAtMs, mix(seed, market, 1) % 1_000),
    updatedAt: rfc3339(asOfMs, mix(seed, market, asOfMs | 0) % 1_000),
    closedTime: closed ? spaced(lifetime.closedAtMs) : undefined,
    new: false,
    featured: false,
    submitted_by: `0x${randomHex(5, seed, PURPOSE.marketShape, market)}`,
    archived: false,
    resolvedBy: settled ? "0x69c47De9D4D3Dad79590d61b9e05918E03775f24" : undefined,
    restricted: true,
    groupItemTitle: story.groupItemTitle,
    groupItemThreshold: isFirst ? undefined : String(market - world.eventLeader),
    questionID: `0x${randomHex(8, seed, PURPOSE.marketShape, market + 1)}`,
    umaEndDate: settled ? rfc3339(Math.floor(lifetime.resolvedAtMs / 1_000) * 1_000) : undefined,
    enableOrderBook: true,
    orderPriceMinTickSize: tick / PRICE_UNITS,
    orderMinSize: 5,
    umaResolutionStatus: settled ? "resolved" : closed ? "proposed" : undefined,
    volumeNum: volume,
    liquidityNum: liquidity,
    endDateIso: dateOnly(lifetime.endDateMs),
    startDateIso: dateOnly(lifetime.createdAtMs),
    hasReviewedDates: true,
    volume24hr: daily,
    volume1wk: Math.min(volume, daily * 7),
    volume1mo: Math.min(volume, daily * 30),
    volume1yr: volume,
    gameId: kind === "sports" ? String(90_000 + market) : undefined,
    sportsMarketType: kind === "sports" ? "moneyline" : undefined,
    gameStartTime: kind === "sports" ? spaced(lifetime.closedAtMs - 7_200_000) : undefined,
    secondsDelay: kind === "sports" ? 3 : undefined,
    clobTokenIds: JSON.stringify(world.tokenIds),
    umaBond: "500",
    umaReward: "5",
    volume24hrClob: daily,
    volumeClob: volume,
    makerBaseFee: fees ? 1000 : undefined,
    takerBaseFee: fees ? 1000 : undefined,
    customLiveness: 0,
    // Some closed markets go on saying that they accept orders.
    acceptingOrders: !closed || has(catalogue, market, 5, 0.03),
    negRisk,
    negRiskMarketID: negRisk
      ? `0x${randomHex(8, seed, PURPOSE.marketShape, world.eventLeader + 2)}`
      : undefined,
    negRiskRequestID: negRisk ? `0x${randomHex(8, seed, PURPOSE.marketShape, market + 3)}` : "",
    ready: false,
    funded: false,
    acceptingOrdersTimestamp: rfc3339(Math.floor(lifetime.bookOpensAtMs / 1_000) * 1_000),
    cyom: false,
    competitive: closed ? 0 : Math.round(unit(seed, market, 7) * 1e6) / 1e6,
    pagerDutyNotificationEnabled: false,
    approved: true,
    rewardsMinSize: 50,
    rewardsMaxSpread: 4.5,
    spread: (2 * tick) / PRICE_UNITS,
    automaticallyResolved: settled && kind === "crypto" ? true : undefined,
    oneDayPriceChange: (mix(seed, market, asOfMs | 0, 3) % 20) / 1_000 - 0.01,
    lastTradePrice: has(catalogue, market, 4, 0.94) ? price / PRICE_UNITS : undefined,
    bestBid: has(catalogue, market, 6, 0.75) ? Math.max(0, price - tick) / PRICE_UNITS : undefined,
    bestAsk: Math.min(PRICE_UNITS, price + tick) / PRICE_UNITS,
    automaticallyActive: true,
    eventStartTime: kind === "crypto" ? rfc3339(lifetime.endDateMs - 300_000) : undefined,
    clearBookOnStart: kind !== "crypto",
    manualActivation: false,
    negRiskOther: false,
    umaResolutionStatuses:
      closed && kind !== "crypto" ? (settled ? '["proposed", "resolved"]' : '["proposed"]') : "[]",
    pendingDeployment: false,
    deploying: false,
    rfqEnabled: false,
    holdingRewardsEnabled: false,
    feesEnabled: fees !== undefined,
    requiresTranslation: false,
    feeType: fees?.feeType ?? null,
    feeSchedule: fees ? { exponent: 1, rate: fees.rate, takerOnly: true, rebateRate: 0.2 } : undefined,
    cryptoMarketConfig: kind === "crypto" ? CRYPTO_CONFIG : undefined,
    version: hasVersion ? "v1" : undefined,
    positionIds: hasVersion ? world.tokenIds : undefined,
    events: undefined,
    tags: undefined,
  };
}

const DAY_MS = 86_400_000;

const CRYPTO_CONFIG = { id: "btc-5m-twap-60", asset: "btc", duration: "5m", twapEnabled: true };

const FEES: Readonly<Partial<Record<MarketKind, { feeType: string; rate: number }>>> = {
  weather: { feeType: "weather_fees", rate: 0.05 },
  crypto: { feeType: "crypto_fees_v2", rate: 0.07 },
  sports: { feeType: "sports_fees_v2", rate: 0.03 },
};

/** Winner known: ones and zeros. For a few odd markets the key is missing or null. */
function pricesOf(
  catalogue: Catalogue,
  { lifetime, market, story, winner }: WorldMarket,
  asOfMs: number,
  price: number,
): string | null | undefined {
  if (asOfMs >= lifetime.resolvedAtMs)
    return JSON.stringify(story.outcomes.map((_, at) => (at === winner ? "1" : "0")));
  if (has(catalogue, market, 2, 0.01)) return undefined;
  if (has(catalogue, market, 3, 0.01)) return null;
  return JSON.stringify([price, PRICE_UNITS - price].map((units) => String(units / PRICE_UNITS)));
}

/** Dollars; a whole number now and then, as JSON integers and floats alternate in one field. */
function volumeOf(catalogue: Catalogue, market: number, asOfMs: number): number {
  const { seed, marketCount } = catalogue.settings;
  const { createdAtMs } = catalogue.lifetime(market);
  const perDay = 200_000 / (1 + (50 * catalogue.rankOf(market)) / marketCount) ** 1.5;
  const days = Math.max(0, asOfMs - createdAtMs) / 86_400_000;
  const volume = perDay * (days + 0.01) * (0.5 + unit(seed, market, 8));
  return mix(seed, market, asOfMs | 0, 9) % 20 === 0 ? Math.round(volume) : Math.round(volume * 1e6) / 1e6;
}

function liquidityOf(catalogue: Catalogue, market: number, asOfMs: number): number {
  if (asOfMs >= catalogue.lifetime(market).closedAtMs) return 0;
  const { seed, marketCount } = catalogue.settings;
  const deep = 50_000 / (1 + (30 * catalogue.rankOf(market)) / marketCount);
  return Math.round(deep * (0.5 + unit(seed, market, asOfMs | 0, 10)) * 1e5) / 1e5;
}

/** A market from before the order book: AMM-era fields, more than two outcomes, sometimes no tokens at all. */
function legacyObject(catalogue: Catalogue, world: WorldMarket, asOfMs: number): GammaObject {
  const { lifetime, story, market } = world;
  const { seed } = catalogue.settings;
  const volume = Math.round(unit(seed, market, 11) * 1e11) / 1e6;
  const settled = asOfMs >= lifetime.resolvedAtMs;
  const prices = story.outcomes.map((_, at) => (settled && at === world.winner ? "1" : "0"));
  const shares = story.outcomes.map(() => String(1 / story.outcomes.length));
  const liquidity = liquidityOf(catalogue, market, asOfMs);
  return {
    id: world.gammaId,
    question: story.question,
    conditionId: world.conditionId,
    slug: story.slug,
    resolutionSource: "",
    endDate: rfc3339(lifetime.endDateMs),
    ...(has(catalogue, market, 1, 0.86) ? { liquidity: String(liquidity) } : {}),
    image: story.icon,
    icon: story.icon,
    description: story.description,
    twitterCardImage: "https://polymarket-static.s3.us-east-2.amazonaws.com/polymarket-twitter-card.png",
    category: "Pop-Culture",
    ...(story.outcomes[0] === "Long"
      ? { lowerBound: "8000000000", upperBound: "20000000000", marketType: "scalar" }
      : { marketType: "normal" }),
    outcomes: JSON.stringify(story.outcomes),
    // Scalar markets end at a share for each side; the others at one, or at nothing but zeros.
    outcomePrices: JSON.stringify(story.outcomes[0] === "Long" ? shares : prices),
    volume: String(volume),
    active: true,
    closed: true,
    marketMakerAddress: `0x${randomHex(5, seed, PURPOSE.marketShape, market + 4)}`,
    updatedBy: 3,
    createdAt: rfc3339(lifetime.createdAtMs),
    updatedAt: rfc3339(asOfMs, mix(seed, market, 4) % 1_000),
    closedTime: spaced(lifetime.closedAtMs),
    archived: false,
    restricted: false,
    volumeNum: Math.round(volume * 100) / 100,
    endDateIso: dateOnly(lifetime.endDateMs),
    hasReviewedDates: true,
    readyForCron: true,
    volume24hr: 0,
    volume1wk: 0,
    volume1mo: 0,
    volume1yr: 0,
    ...(world.tokenIds.length > 0 ? { clobTokenIds: JSON.stringify(world.tokenIds) } : {}),
    fpmmLive: true,
    creator: "",
    ready: false,
    funded: false,
    cyom: false,
    competitive: 0,
    approved: true,
    spread: 1,
    lastTradePrice: 0,
    bestBid: 0,
    bestAsk: 1,
    clearBookOnStart: true,
    negRiskOther: false,
    umaResolutionStatuses: "[]",
    pendingDeployment: false,
    deploying: false,
    rfqEnabled: false,
    feesEnabled: false,
    feeType: null,
  };
}
