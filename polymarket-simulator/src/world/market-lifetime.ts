import { mix, unit } from "./random.ts";
import { PURPOSE, type WorldSettings } from "./world-settings.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** One in 33 of the markets at the epoch is from before the order book. */
const LEGACY_SHARE = 0.03;
const FIRST_LEGACY_MS = Date.UTC(2020, 9, 1);

export type MarketKind = "legacy" | "weather" | "crypto" | "sports" | "politics";

/** The dates of one market, all known in advance (epoch ms). */
export interface MarketLifetime {
  readonly kind: MarketKind;
  readonly createdAtMs: number;
  /** When its book opens: some minutes after Gamma calls a new market active. */
  readonly bookOpensAtMs: number;
  /** The date announced; trading may go on after it. */
  readonly endDateMs: number;
  readonly closedAtMs: number;
  /** Infinity for the few that are never resolved. */
  readonly resolvedAtMs: number;
  /** Every so often, while open, the object's moving figures are brought up to date. */
  readonly updatePeriodMs: number;
  readonly updatePhaseMs: number;
}

/** Markets come in families of eight; weather families are one negRisk event each. */
export const FAMILY_SIZE = 8;

export function isLegacy(settings: WorldSettings, market: number): boolean {
  return market < Math.ceil(settings.marketCount * LEGACY_SHARE);
}

export function kindOf(settings: WorldSettings, market: number): MarketKind {
  if (isLegacy(settings, market)) return "legacy";
  const first = Math.floor(market / FAMILY_SIZE) * FAMILY_SIZE;
  const at = unit(settings.seed, PURPOSE.story, first, 1);
  if (at < 0.3) return isWholeFamily(settings, first) ? "weather" : "politics";
  if (at < 0.5) return "crypto";
  return at < 0.7 ? "sports" : "politics";
}

/** One event can't begin among the legacy markets, nor end among those that are yet to be born. */
function isWholeFamily(settings: WorldSettings, first: number): boolean {
  const { marketCount } = settings;
  return !isLegacy(settings, first) && (first >= marketCount || first + FAMILY_SIZE <= marketCount);
}

/** The life of a market; `rank` is its place by popularity, 0 the most traded. */
export function lifetimeOf(settings: WorldSettings, market: number, rank: number): MarketLifetime {
  const { seed } = settings;
  const kind = kindOf(settings, market);
  // The members of a family share their dates, because they are one event or one series.
  const root = kind === "weather" ? Math.floor(market / FAMILY_SIZE) * FAMILY_SIZE : market;
  const draw = (what: number) => unit(seed, PURPOSE.lifetime, root, what);
  const createdAtMs = createdAt(settings, market);
  const youngest = kind === "weather" ? root + FAMILY_SIZE - 1 : market;
  const closedAtMs = Math.round(closedAt(settings, root, kind, createdAt(settings, youngest), draw));
  const resolves = kind === "legacy" ? draw(5) < 0.7 : draw(5) < 0.93;
  const updatePeriodMs = Math.round(updatePeriod(settings, market, rank));
  return {
    kind,
    createdAtMs,
    bookOpensAtMs: createdAtMs + (createdAtMs > settings.epochMs ? MINUTE + draw(6) * MINUTE : 0),
    endDateMs: Math.max(createdAtMs, endDate(closedAtMs, draw(7))),
    closedAtMs,
    resolvedAtMs: resolves
      ? closedAtMs + Math.round(20_000 + draw(8) * 5 * MINUTE)
      : Number.POSITIVE_INFINITY,
    updatePeriodMs,
    updatePhaseMs: mix(seed, PURPOSE.update, market) % updatePeriodMs,
  };
}

function createdAt(settings: WorldSettings, market: number): number {
  const { epochMs, marketCount } = settings;
  if (market >= marketCount)
    return Math.round(epochMs + ((market - marketCount + 1) * HOUR) / settings.newMarketsPerHour);
  if (isLegacy(settings, market)) return FIRST_LEGACY_MS + market * 7 * HOUR;
  const age = 60 * DAY * (1 - market / marketCount);
  return Math.round(epochMs - 5 * MINUTE - age - unit(settings.seed, PURPOSE.lifetime, market, 2) * MINUTE);
}

function closedAt(
  settings: WorldSettings,
  root: number,
  kind: MarketKind,
  createdAtMs: number,
  draw: (what: number) => number,
): number {
  const { epochMs } = settings;
  if (kind === "legacy") return createdAtMs + 80 * DAY * draw(3) + DAY;
  if (root >= settings.marketCount)
    return createdAtMs + 5 * MINUTE + draw(3) * (kind === "crypto" ? 15 * MINUTE : 3 * DAY);
  if (draw(4) < settings.closedShare) return createdAtMs + draw(3) * (epochMs - createdAtMs);
  // One open market in twenty closes within the first hour, so that a short run sees it happen.
  return draw(9) < 0.05 ? epochMs + MINUTE + draw(3) * HOUR : epochMs + 2 * HOUR + draw(3) ** 2 * 200 * DAY;
}

/** Announced on a full minute; for a tenth of the markets the date passes long before trading ends. */
function endDate(closedAtMs: number, at: number): number {
  const lag = at < 0.1 ? 60 * DAY : 0;
  return Math.floor((closedAtMs - lag) / MINUTE) * MINUTE;
}

function updatePeriod(settings: WorldSettings, market: number, rank: number): number {
  const spread = 0.5 + unit(settings.seed, PURPOSE.update, market, 1);
  const popularity = rank / Math.max(1, settings.marketCount);
  if (popularity < 0.05) return 20_000 * spread;
  return popularity < 0.3 ? 5 * MINUTE * spread : (1 + 47 * popularity) * HOUR * spread;
}
