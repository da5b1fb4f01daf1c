import type { EpochMs } from "./time.ts";

export type CoverageStream = "trades" | "books" | "markets";
export type CoverageState = "complete" | "partial" | "missing" | "unknown";
export type CoverageCause =
  | "upstream_lag"
  | "upstream_cap"
  | "upstream_changed"
  /** A row of this time was refused as it came (`rejections_v1` holds it): all others are here. */
  | "row_rejected"
  | "socket_silent"
  | "collector_down"
  | "throttled"
  /** A later reading found rows that were not stored, so what was said of the time around them is in doubt. */
  | "count_mismatch"
  | "hash_mismatch"
  /** Trades are stored, and their candle is not built (anew) yet: said in answers, of no use in the ledger. */
  | "candles_pending"
  /** Rows stored after the first of several pages was read are in none of them: said in answers only, too. */
  | "stored_after_as_of";

/** What is known about one stretch of time of one stream: `fromMs` included, `toMs` excluded. */
export interface CoverageInterval {
  readonly stream: CoverageStream;
  /** Null for all markets at once. */
  readonly marketId: string | null;
  /** Null for all tokens at once. */
  readonly assetId: string | null;
  readonly fromMs: EpochMs;
  readonly toMs: EpochMs;
  readonly state: CoverageState;
  readonly cause: CoverageCause | null;
  readonly evidence: Readonly<Record<string, unknown>>;
}

/** A statement as the ledger keeps it: neighbours that say the same have become one. */
export interface DeclaredCoverage extends CoverageInterval {
  /** When the oldest of the joined statements was made. */
  readonly declaredFromMs: EpochMs;
  /** When the newest of them was made. */
  readonly declaredAtMs: EpochMs;
}

/** What a question is about. */
export interface CoverageScope {
  readonly stream: CoverageStream;
  /** Undefined: all markets at once. */
  readonly marketId?: string | undefined;
  /** Undefined: all tokens at once. */
  readonly assetId?: string | undefined;
}

/** A stretch of time of which one thing is known: `fromMs` included, `toMs` excluded. */
export interface CoverageStretch {
  readonly fromMs: EpochMs;
  readonly toMs: EpochMs;
  readonly state: CoverageState;
  readonly cause: CoverageCause | null;
}

/** Of two states whose order in time is not known the worse one stands: nothing is called complete in doubt. */
const STATES_WORST_FIRST: readonly CoverageState[] = ["missing", "partial", "unknown", "complete"];

/** The one that claims less; the first when both claim the same. */
export function worseCoverage<T extends { readonly state: CoverageState }>(one: T, other: T): T {
  return STATES_WORST_FIRST.indexOf(other.state) < STATES_WORST_FIRST.indexOf(one.state) ? other : one;
}
