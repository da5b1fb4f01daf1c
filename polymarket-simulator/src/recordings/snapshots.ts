import type { JsonObject, RecordedMarket } from "./read-recordings.ts";

/**
 * Which version of a recorded market is served. Unless one is chosen for all, each reading of a market
 * gives its next version until the last: so whoever reads the catalogue again sees it change.
 */
export interface Snapshots {
  /** The version that comes next, without moving on. */
  peek(market: RecordedMarket): JsonObject;
  /** The object to be sent; the next reading gets the next version. */
  serve(market: RecordedMarket, tags: boolean): JsonObject;
  /** From now on the n-th version (or the last) of every market; null moves on with each reading again. */
  choose(version: number | null): void;
  chosen(): number | null;
}

export function takeSnapshots(): Snapshots {
  const readings = new Map<string, number>();
  let chosen: number | null = null;

  function version(market: RecordedMarket) {
    const wanted = chosen ?? readings.get(market.id) ?? 0;
    const found = market.versions[Math.min(wanted, market.versions.length - 1)];
    if (!found) throw new RangeError("a recorded market has a version");
    return found;
  }

  return {
    peek: (market) => version(market).object,
    serve(market, withTags) {
      const { object, tags } = version(market);
      readings.set(market.id, (readings.get(market.id) ?? 0) + 1);
      return withTags && tags ? { ...object, tags } : object;
    },
    choose(wanted) {
      chosen = wanted;
    },
    chosen: () => chosen,
  };
}
