import { openTradeFeed, type TradeFeed } from "../data/trade-feed.ts";
import { type Books, openBooks } from "./books.ts";
import { type Catalogue, openCatalogue } from "./catalogue.ts";
import { type Disturbances, recordDisturbances } from "./disturbances.ts";
import type { WorldSettings } from "./world-settings.ts";

/** Offset paging's bounds, which faults may move. */
export interface PagingLimits {
  gammaOffsetMax(): number;
  tradesOffsetMax(): number;
  /** What happens past the cap of v1 trades. */
  tradesPastCap(): "refuse" | "repeat" | "empty";
  /** With which status every route of v2 is answered while the upstream has none; null while it has them. */
  v2Absent(): 404 | 501 | null;
  /** How v1 trades treat `start` and `end`, and how many rows they give at most. */
  v1Form(): {
    readonly windows: "honoured" | "ignored" | "refused";
    readonly end: "inclusive" | "exclusive";
    readonly limit_max: number;
  };
  /** An offset as it is after rows were inserted before it. */
  shifted(offset: number): number;
}

/** Everything that answers are made of. */
export interface World {
  readonly settings: WorldSettings;
  readonly catalogue: Catalogue;
  readonly feed: TradeFeed;
  readonly books: Books;
  readonly disturbances: Disturbances;
  readonly limits: PagingLimits;
  now(): number;
}

export function openWorld(settings: WorldSettings, now: () => number, limits: PagingLimits): World {
  const catalogue = openCatalogue(settings);
  const disturbances = recordDisturbances(settings.seed);
  const feed = openTradeFeed(catalogue, disturbances);
  return { settings, catalogue, feed, books: openBooks(catalogue), disturbances, limits, now };
}
