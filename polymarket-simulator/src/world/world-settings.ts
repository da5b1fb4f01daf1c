/** What a world is made of. The same settings give the same world, whenever and wherever it runs. */
export interface WorldSettings {
  readonly seed: number;
  /** The moment at which history ends and live trading begins, epoch ms. */
  readonly epochMs: number;
  /** Markets that exist at the epoch. */
  readonly marketCount: number;
  readonly newMarketsPerHour: number;
  /** Share of the markets at the epoch (legacy ones apart) that are closed already, 0 to 1. */
  readonly closedShare: number;
  readonly historyHours: number;
  /** Taker rows per second before the epoch. */
  readonly historyTradesPerSecond: number;
  /** Taker rows per second from the epoch on. */
  readonly tradesPerSecond: number;
  /** A block's first rows are served this long after its time, at least … */
  readonly lagMsMin: number;
  /** … and at most. */
  readonly lagMsMax: number;
  /** A block's rows appear in steps over this time, in the order of their sequence. */
  readonly blockSpreadMs: number;
  /** Age until which some rows lack outcome_index and event_slug. */
  readonly enrichmentMs: number;
  /** Share of settlements that hold rows equal in every field. */
  readonly equalRowsShare: number;
}

export const DEFAULT_WORLD: Omit<WorldSettings, "epochMs"> = {
  seed: 1,
  marketCount: 300,
  newMarketsPerHour: 60,
  closedShare: 0.3,
  historyHours: 6,
  historyTradesPerSecond: 5,
  tradesPerSecond: 20,
  lagMsMin: 2_000,
  lagMsMax: 3_200,
  blockSpreadMs: 800,
  enrichmentMs: 60_000,
  equalRowsShare: 0.02,
};

/** Purposes keep streams of randomness apart: each number is used in one file only. */
export const PURPOSE = {
  conditionId: 11,
  tokenId: 12,
  lifetime: 13,
  story: 14,
  price: 15,
  update: 16,
  block: 21,
  transaction: 22,
  lag: 23,
  lateness: 24,
  flaw: 25,
  enrichment: 26,
  makers: 27,
  wallet: 28,
  equalRows: 29,
  book: 31,
  marketFlaw: 41,
  marketShape: 42,
} as const;
