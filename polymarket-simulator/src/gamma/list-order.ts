import type { Catalogue } from "../world/catalogue.ts";

type KeyOf = (catalogue: Catalogue, market: number, nowMs: number) => number;

/** What a listing can be sorted by. Volume and liquidity sort by popularity, which they follow. */
const KEYS = {
  id: (_catalogue, market) => market,
  createdAt: (_catalogue, market) => market,
  startDate: (catalogue, market) => catalogue.lifetime(market).createdAtMs,
  endDate: (catalogue, market) => catalogue.lifetime(market).endDateMs,
  closedTime: (catalogue, market) => catalogue.lifetime(market).closedAtMs,
  updatedAt: (catalogue, market, nowMs) => catalogue.updatedAtMs(market, nowMs),
  volume24hr: popularity,
  volumeNum: popularity,
  liquidityNum: popularity,
} as const satisfies Record<string, KeyOf>;

export type SortField = keyof typeof KEYS;

export function isSortable(field: string): field is SortField {
  return Object.hasOwn(KEYS, field);
}

function popularity(catalogue: Catalogue, market: number): number {
  return -catalogue.rankOf(market);
}

/** The markets of a moment from the lowest key to the highest; equal keys by number. */
export interface Ordering {
  readonly size: number;
  marketAt(place: number): number;
  keyOf(market: number): number;
  /** How many markets stand before the given key and number. */
  placeOf(key: number, market: number): number;
}

/** Above this many markets an ordering is kept for a moment instead of being made for each page. */
const LARGE_WORLD = 2_000;
const KEPT_MS = 1_000;

/** Orders markets; a large world's ordering is up to a second old. */
export function orderMarkets(catalogue: Catalogue): (field: SortField, nowMs: number) => Ordering {
  const kept = new Map<SortField, { madeAtMs: number; ordering: Ordering }>();
  return (field, nowMs) => {
    const count = catalogue.countAt(nowMs);
    if (field === "id" || field === "createdAt") return byNumber(count);
    const known = kept.get(field);
    const age = nowMs - (known?.madeAtMs ?? Number.NEGATIVE_INFINITY);
    if (known && count > LARGE_WORLD && age >= 0 && age < KEPT_MS) return known.ordering;
    const ordering = byKey(count, (market) => KEYS[field](catalogue, market, nowMs));
    kept.set(field, { madeAtMs: nowMs, ordering });
    return ordering;
  };
}

function byNumber(count: number): Ordering {
  return {
    size: count,
    marketAt: (place) => place,
    keyOf: (market) => market,
    placeOf: (_key, market) => market,
  };
}

function byKey(count: number, keyOfMarket: (market: number) => number): Ordering {
  const keys = Float64Array.from({ length: count }, (_, market) => keyOfMarket(market));
  const keyOf = (market: number) => keys[market] ?? 0;
  const order = Uint32Array.from({ length: count }, (_, market) => market);
  order.sort((a, b) => keyOf(a) - keyOf(b) || a - b);
  const marketAt = (place: number) => order[place] ?? 0;
  return {
    size: count,
    marketAt,
    keyOf,
    placeOf(key, market) {
      let low = 0;
      let high = count;
      while (low < high) {
        const middle = (low + high) >> 1;
        const at = marketAt(middle);
        if (keyOf(at) < key || (keyOf(at) === key && at < market)) low = middle + 1;
        else high = middle;
      }
      return low;
    },
  };
}
