import type { EpochMs } from "./time.ts";
import { identifyTrade, type RowSet, type Trade, type TradeRow, tradeRowKey } from "./trade.ts";

/** What must be remembered to go on numbering in the middle of a second: its rows counted so far. */
export interface OpenSecond {
  readonly tsSeconds: number;
  /** Rows counted so far, by row key. */
  readonly counts: Readonly<Record<string, number>>;
}

export interface EqualTradeNumberer {
  /** Rows newest first, as the upstream serves them. */
  number(rows: readonly TradeRow[], observed: { rowSet: RowSet; receivedAtMs: EpochMs }): Trade[];
  /** The counters of the second that is still open; null before the first row. */
  openSecond(): OpenSecond | null;
}

/**
 * Gives equal rows of one second of event time their occurrence number, because the feed has no ids and
 * two fills may be equal in every field. One numberer serves one uninterrupted walk: counting anew in the
 * middle of a second would give two fills one identity. (design 7.1)
 */
export function numberEqualTrades(resumeFrom: OpenSecond | null = null): EqualTradeNumberer {
  let tsSeconds = resumeFrom?.tsSeconds ?? null;
  let counts = new Map<string, number>(Object.entries(resumeFrom?.counts ?? {}));

  function occurrenceOf(row: TradeRow): number {
    if (row.tsSeconds !== tsSeconds) {
      tsSeconds = row.tsSeconds;
      counts = new Map();
    }
    const key = tradeRowKey(row);
    const occurrence = counts.get(key) ?? 0;
    counts.set(key, occurrence + 1);
    return occurrence;
  }

  return {
    number: (rows, observed) =>
      rows.map((row) => {
        const occurrence = occurrenceOf(row);
        return { ...row, ...observed, occurrence, ...identifyTrade(row, occurrence) };
      }),
    openSecond: () => (tsSeconds === null ? null : { tsSeconds, counts: Object.fromEntries(counts) }),
  };
}
