import type { Catalogue, WorldMarket } from "../world/catalogue.ts";
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

function currentObject(catalogue: Catalogue, world: WorldMarket, asOfMs: number): GammaObject {
  const { seed } = catalogue.settings;
  const { lifetime, story, market } = world;
  const closed = asOfMs >= lifetime.closedAtMs;
  return {
    ...heading(catalogue, world, asOfMs),
    outcomes: JSON.stringify(story.outcomes),
    ...pricesOf(catalogue, world, asOfMs),
    volume: String(volumeOf(catalogue, market, asOfMs)),
    active: true,
    closed,
    marketMakerAddress: "",
    createdAt: rfc3339(lifetime.createdAtMs, mix(seed, market, 1) % 1_000),
    updatedAt: rfc3339(asOfMs, mix(seed, market, asOfMs | 0) % 1_000),
    ...(closed ? { closedTime: spaced(lifetime.closedAtMs) } : {}),
    new: false,
    featured: false,
    submitted_by: `0x${randomHex(5, seed, PURPOSE.marketShape, market)}`,
    archived: false,
    restricted: true,
    groupItemTitle: story.groupItemTitle,
    ...(world.eventLeader === market ? {} : { groupItemThreshold: String(market - world.eventLeader) }),
    questionID: `0x${randomHex(8, seed, PURPOSE.marketShape, market + 1)}`,
    enableOrderBook: true,
    orderPriceMinTickSize: tickOf(seed, market) / PRICE_UNITS,
    orderMinSize: 5,
    endDateIso: dateOnly(lifetime.endDateMs),
    startDateIso: dateOnly(lifetime.createdAtMs),
    hasReviewedDates: true,
    ...volumes(catalogue, market, asOfMs),
    clobTokenIds: JSON.stringify(world.tokenIds),
    umaBond: "500",
    umaReward: "5",
    customLiveness: 0,
    // Some closed markets go on saying that they accept orders.
    acceptingOrders: !closed || has(catalogue, market, 5, 0.03),
    ...negRiskOf(catalogue, world),
    ready: false,
    funded: false,
    acceptingOrdersTimestamp: rfc3339(Math.floor(lifetime.bookOpensAtMs / 1_000) * 1_000),
    cyom: false,
    pagerDutyNotificationEnabled: false,
    approved: true,
    rewardsMinSize: 50,
    rewardsMaxSpread: 4.5,
    ...quotes(catalogue, world, asOfMs, closed),
    automaticallyActive: true,
    clearBookOnStart: lifetime.kind !== "crypto",
    manualActivation: false,
    negRiskOther: false,
    ...resolution(world, asOfMs),
    pendingDeployment: false,
    deploying: false,
    rfqEnabled: false,
    holdingRewardsEnabled: false,
    ...feesOf(lifetime.kind),
    requiresTranslation: false,
    ...kindFields(catalogue, world),
  };
}

function heading(catalogue: Catalogue, world: WorldMarket, asOfMs: number): GammaObject {
  const { lifetime, story, market } = world;
  return {
    id: world.gammaId,
    question: story.question,
    conditionId: world.conditionId,
    slug: story.slug,
    resolutionSource: "",
    endDate: rfc3339(lifetime.endDateMs),
    ...(has(catalogue, market, 1, 0.86) ? { liquidity: String(liquidityOf(catalogue, market, asOfMs)) } : {}),
    startDate: rfc3339(lifetime.createdAtMs + 90_000, mix(catalogue.settings.seed, market, 2) % 1_000),
    image: story.icon,
    icon: story.icon,
    description: story.description,
  };
}

/** Winner known: ones and zeros. Never launched or odd: the key is missing or null. */
function pricesOf(catalogue: Catalogue, world: WorldMarket, asOfMs: number): GammaObject {
  const { lifetime, market, story } = world;
  if (asOfMs >= lifetime.resolvedAtMs)
    return {
      outcomePrices: JSON.stringify(story.outcomes.map((_, at) => (at === world.winner ? "1" : "0"))),
    };
  if (has(catalogue, market, 2, 0.01)) return {};
  if (has(catalogue, market, 3, 0.01)) return { outcomePrices: null };
  const price = fairPrice(catalogue.settings.seed, market, Math.min(asOfMs, lifetime.closedAtMs));
  return {
    outcomePrices: JSON.stringify([price, PRICE_UNITS - price].map((units) => String(units / PRICE_UNITS))),
  };
}

function resolution(world: WorldMarket, asOfMs: number): GammaObject {
  const { lifetime } = world;
  if (asOfMs < lifetime.closedAtMs) return { umaResolutionStatuses: "[]" };
  if (asOfMs < lifetime.resolvedAtMs)
    return { umaResolutionStatus: "proposed", umaResolutionStatuses: '["proposed"]' };
  return {
    umaEndDate: rfc3339(Math.floor(lifetime.resolvedAtMs / 1_000) * 1_000),
    umaResolutionStatus: "resolved",
    umaResolutionStatuses: lifetime.kind === "crypto" ? "[]" : '["proposed", "resolved"]',
    resolvedBy: "0x69c47De9D4D3Dad79590d61b9e05918E03775f24",
    ...(lifetime.kind === "crypto" ? { automaticallyResolved: true } : {}),
  };
}

function quotes(catalogue: Catalogue, world: WorldMarket, asOfMs: number, closed: boolean): GammaObject {
  const { market } = world;
  const { seed } = catalogue.settings;
  const tick = tickOf(seed, market);
  const price = fairPrice(seed, market, asOfMs);
  return {
    competitive: closed ? 0 : Math.round(unit(seed, market, 7) * 1e6) / 1e6,
    spread: (2 * tick) / PRICE_UNITS,
    oneDayPriceChange: (mix(seed, market, asOfMs | 0, 3) % 20) / 1_000 - 0.01,
    ...(has(catalogue, market, 4, 0.94) ? { lastTradePrice: price / PRICE_UNITS } : {}),
    ...(has(catalogue, market, 6, 0.75) ? { bestBid: Math.max(0, price - tick) / PRICE_UNITS } : {}),
    bestAsk: Math.min(PRICE_UNITS, price + tick) / PRICE_UNITS,
  };
}

function negRiskOf(catalogue: Catalogue, world: WorldMarket): GammaObject {
  if (world.lifetime.kind !== "weather") return { negRisk: false, negRiskRequestID: "" };
  const { seed } = catalogue.settings;
  return {
    negRisk: true,
    negRiskMarketID: `0x${randomHex(8, seed, PURPOSE.marketShape, world.eventLeader + 2)}`,
    negRiskRequestID: `0x${randomHex(8, seed, PURPOSE.marketShape, world.market + 3)}`,
  };
}

const FEES: Readonly<Record<string, { feeType: string; rate: number }>> = {
  weather: { feeType: "weather_fees", rate: 0.05 },
  crypto: { feeType: "crypto_fees_v2", rate: 0.07 },
  sports: { feeType: "sports_fees_v2", rate: 0.03 },
};

function feesOf(kind: string): GammaObject {
  const fees = FEES[kind];
  if (!fees) return { feesEnabled: false, feeType: null };
  return {
    makerBaseFee: 1000,
    takerBaseFee: 1000,
    feesEnabled: true,
    feeType: fees.feeType,
    feeSchedule: { exponent: 1, rate: fees.rate, takerOnly: true, rebateRate: 0.2 },
  };
}

function kindFields(catalogue: Catalogue, world: WorldMarket): GammaObject {
  const { lifetime, market } = world;
  if (lifetime.kind === "sports")
    return {
      gameId: String(90_000 + market),
      sportsMarketType: "moneyline",
      gameStartTime: spaced(lifetime.closedAtMs - 7_200_000),
      secondsDelay: 3,
    };
  if (lifetime.kind === "crypto")
    return {
      eventStartTime: rfc3339(lifetime.endDateMs - 300_000),
      cryptoMarketConfig: { id: "btc-5m-twap-60", asset: "btc", duration: "5m", twapEnabled: true },
    };
  return has(catalogue, market, 8, 0.35) ? { version: "v1", positionIds: [...world.tokenIds] } : {};
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

function volumes(catalogue: Catalogue, market: number, asOfMs: number): GammaObject {
  const total = volumeOf(catalogue, market, asOfMs);
  const { createdAtMs, closedAtMs } = catalogue.lifetime(market);
  const days = Math.max(1, (asOfMs - createdAtMs) / 86_400_000);
  const daily = asOfMs >= closedAtMs ? 0 : total / days;
  return {
    volumeNum: total,
    ...(has(catalogue, market, 1, 0.86) ? { liquidityNum: liquidityOf(catalogue, market, asOfMs) } : {}),
    volume24hr: daily,
    volume1wk: Math.min(total, daily * 7),
    volume1mo: Math.min(total, daily * 30),
    volume1yr: total,
    volume24hrClob: daily,
    volumeClob: total,
  };
}

/** A market from before the order book: AMM-era fields, more than two outcomes, sometimes no tokens at all. */
function legacyObject(catalogue: Catalogue, world: WorldMarket, asOfMs: number): GammaObject {
  const { lifetime, story, market } = world;
  const { seed } = catalogue.settings;
  const volume = Math.round(unit(seed, market, 11) * 1e11) / 1e6;
  const settled = asOfMs >= lifetime.resolvedAtMs;
  const prices = story.outcomes.map((_, at) => (settled && at === world.winner ? "1" : "0"));
  const shares = story.outcomes.map(() => String(1 / story.outcomes.length));
  return {
    ...heading(catalogue, world, asOfMs),
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
