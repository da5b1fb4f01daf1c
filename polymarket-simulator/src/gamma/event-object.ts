import type { Catalogue } from "../world/catalogue.ts";
import { FAMILY_SIZE } from "../world/market-lifetime.ts";
import { mix, randomHex, unit } from "../world/random.ts";
import { PURPOSE } from "../world/world-settings.ts";
import { type GammaObject, marketObject } from "./market-object.ts";
import { rfc3339 } from "./moment-text.ts";
import { tagObjects } from "./tag-objects.ts";

/** The markets of an event that exist at the moment. */
export function membersOf(catalogue: Catalogue, leader: number, nowMs: number): number[] {
  if (catalogue.lifetime(leader).kind !== "weather") return [leader];
  const end = Math.min(leader + FAMILY_SIZE, catalogue.countAt(nowMs));
  return Array.from({ length: end - leader }, (_, at) => leader + at);
}

/** An event as Gamma writes it: its sums are JSON numbers, unlike a market's. */
export function eventObject(
  catalogue: Catalogue,
  leader: number,
  nowMs: number,
  parts: { markets: boolean },
): GammaObject {
  const { seed } = catalogue.settings;
  const { event, lifetime, story } = catalogue.market(leader);
  const members = membersOf(catalogue, leader, nowMs);
  const updatedAtMs = Math.max(...members.map((market) => catalogue.updatedAtMs(market, nowMs)));
  const negRisk = lifetime.kind === "weather";
  return {
    id: eventIdOf(leader),
    ticker: event.slug,
    slug: event.slug,
    title: event.title,
    description: story.description,
    resolutionSource: "",
    startDate: rfc3339(lifetime.createdAtMs),
    creationDate: rfc3339(lifetime.createdAtMs, mix(seed, leader, 5) % 1_000),
    endDate: rfc3339(lifetime.endDateMs),
    image: story.icon,
    icon: story.icon,
    active: true,
    closed: nowMs >= lifetime.closedAtMs,
    archived: false,
    new: false,
    featured: false,
    restricted: true,
    liquidity: Math.round(unit(seed, leader, updatedAtMs | 0, 1) * 1e9) / 1e5,
    volume: Math.round(unit(seed, leader, 12) * 1e12) / 1e5,
    openInterest: Math.round(unit(seed, leader, 13) * 1e9) / 1e5,
    createdAt: rfc3339(lifetime.createdAtMs),
    updatedAt: rfc3339(updatedAtMs, mix(seed, leader, 6) % 1_000),
    enableOrderBook: lifetime.kind !== "legacy",
    negRisk,
    ...(negRisk ? { negRiskMarketID: `0x${randomHex(8, seed, PURPOSE.marketShape, leader + 2)}` } : {}),
    commentCount: 0,
    cyom: false,
    showAllOutcomes: true,
    showMarketImages: false,
    enableNegRisk: negRisk,
    automaticallyActive: true,
    negRiskAugmented: false,
    pendingDeployment: false,
    deploying: false,
    requiresTranslation: false,
    ...(parts.markets
      ? {
          markets: members.map((market) =>
            marketObject(catalogue, market, nowMs, { events: false, tags: false }),
          ),
          tags: tagObjects(event.tags),
        }
      : {}),
  };
}

export function eventIdOf(leader: number): string {
  return String(30_000 + leader * 3);
}

export function leaderOfEventId(id: string): number | null {
  const leader = (Number(id) - 30_000) / 3;
  return Number.isInteger(leader) && leader >= 0 ? leader : null;
}
