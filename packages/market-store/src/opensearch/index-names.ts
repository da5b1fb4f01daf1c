import { DAY_MS, type EpochMs } from "@polytape/market-model";

/** The names of all indices and aliases of one copy of the store. */
export interface IndexNames {
  readonly prefix: string;
  readonly markets: string;
  readonly marketChanges: string;
  readonly coverage: string;
  readonly checkpoints: string;
  readonly rejections: string;
  /** Write alias; the indices behind it end in `-000001` … */
  readonly books: string;
  /** Read alias of all months. */
  readonly candles: string;
  /** All days. */
  readonly tradesPattern: string;
  /** The index of the event day that begins at (or holds) the moment. */
  tradesOfDay(atMs: EpochMs): string;
  /** Start of the event day of a trade index; null for other names. */
  dayOfTrades(index: string): EpochMs | null;
  /** The index of the event month that holds the moment. */
  candlesOfMonth(atMs: EpochMs): string;
}

export function indexNames(prefix = ""): IndexNames {
  const trades = `${prefix}trades_v1-`;
  const candles = `${prefix}candles_v1`;
  const isoDay = (atMs: EpochMs) => new Date(atMs).toISOString().slice(0, 10).replaceAll("-", ".");
  return {
    prefix,
    markets: `${prefix}markets_v1`,
    marketChanges: `${prefix}market_changes_v1`,
    coverage: `${prefix}coverage_v1`,
    checkpoints: `${prefix}checkpoints_v1`,
    rejections: `${prefix}rejections_v1`,
    books: `${prefix}orderbook_snapshots_v1`,
    candles,
    tradesPattern: `${trades}*`,
    tradesOfDay: (atMs) => `${trades}${isoDay(atMs)}`,
    dayOfTrades(index) {
      const day = /^(\d{4})\.(\d\d)\.(\d\d)$/.exec(
        index.startsWith(trades) ? index.slice(trades.length) : "",
      );
      const startMs = day ? Date.UTC(Number(day[1]), Number(day[2]) - 1, Number(day[3])) : Number.NaN;
      return Number.isNaN(startMs) || startMs % DAY_MS !== 0 ? null : startMs;
    },
    candlesOfMonth: (atMs) => `${candles}-${isoDay(atMs).slice(0, 7)}`,
  };
}
