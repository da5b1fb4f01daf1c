import { PolytapeError } from "./errors.ts";
import type { EpochMs } from "./time.ts";
import { identifyTrade, type RowSet, type Trade, type TradeRow } from "./trade.ts";

/** What must be remembered to go on numbering in the middle of a second: its rows counted so far. */
export interface OpenSecond {
  readonly tsSeconds: number;
  /** How many equal rows were counted so far, by the trade id of the first of them. */
  readonly counts: Readonly<Record<string, number>>;
}

export interface EqualTradeNumberer {
  /**
   * Rows newest first, as the upstream serves them.
   * Throws `rows_disordered` (operating) when a row is newer than the one before it.
   */
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

  function enterSecondOf(row: TradeRow): void {
    if (row.tsSeconds === tsSeconds) return;
    if (tsSeconds !== null && row.tsSeconds > tsSeconds) {
      throw new PolytapeError(
        "operating",
        "rows_disordered",
        "A trade row is newer than the one before it.",
        {
          facts: { tsSeconds: row.tsSeconds, afterTsSeconds: tsSeconds },
        },
      );
    }
    tsSeconds = row.tsSeconds;
    counts = new Map();
  }

  function identify(row: TradeRow): Pick<Trade, "tradeId" | "tie" | "occurrence"> {
    enterSecondOf(row);
    const first = identifyTrade(row, 0);
    const occurrence = counts.get(first.tradeId) ?? 0;
    counts.set(first.tradeId, occurrence + 1);
    return { occurrence, ...(occurrence === 0 ? first : identifyTrade(row, occurrence)) };
  }

  return {
    number: (rows, { rowSet, receivedAtMs }) =>
      rows.map((row) => ({
        marketId: row.marketId,
        assetId: row.assetId,
        wallet: row.wallet,
        transactionHash: row.transactionHash,
        side: row.side,
        price: row.price,
        size: row.size,
        tsSeconds: row.tsSeconds,
        rowSet,
        receivedAtMs,
        ...identify(row),
      })),
    openSecond: () => (tsSeconds === null ? null : { tsSeconds, counts: Object.fromEntries(counts) }),
  };
}
