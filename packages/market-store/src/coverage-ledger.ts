import type {
  CoverageInterval,
  CoverageScope,
  CoverageStretch,
  DeclaredCoverage,
  EpochMs,
} from "@polytape/market-model";
import type { CoveragePage, IntervalQuery } from "./bookkeeping/coverage-page.ts";
import type { StoreVersion } from "./market-store.ts";

/** What was said of a day about all markets when it was read; without a version, nothing. */
export interface RememberedDay {
  readonly statements: readonly DeclaredCoverage[];
  readonly version: StoreVersion | null;
}

/**
 * What a reader of many timelines remembers: the days about all markets, which are part of each of them and by far the
 * most of what there is to read.
 */
export interface CoverageMemory {
  /** By the day's id; one that is not fresh is taken again when its version still stands. */
  get(dayId: string): { readonly day: RememberedDay; readonly isFresh: boolean } | undefined;
  set(dayId: string, day: RememberedDay): void;
}

/**
 * What is known about completeness. Each scope (stream, market or all, token or all) has a timeline of its
 * own, kept per UTC day: about each moment the newest statement stands.
 */
export interface CoverageLedger {
  /**
   * Says something new, in the order given; whole for each UTC day that it touches. May be repeated. At most
   * 400 days a statement. Throws `store_conflict` when others never let go of the same day.
   */
  recordIntervals(intervals: readonly CoverageInterval[]): Promise<void>;
  /**
   * Adds facts to the evidence of all that is said of one UTC day (its start) in exactly this scope. Neither states nor
   * when they were declared change, and of a day that nobody speaks of nothing is said. Throws as above.
   */
  addEvidence(
    scope: CoverageScope,
    dayMs: EpochMs,
    facts: Readonly<Record<string, string | number>>,
  ): Promise<void>;
  /**
   * What is known of every moment of [fromMs, toMs), at most 400 days, without holes, in real time. Counts
   * what was said about all markets, the market and the token; of trouble in a narrower scope (a market for
   * all markets, a token for its market) it hears after a second at most. Of what the memory holds only versions are read.
   */
  readTimeline(
    query: CoverageScope & { fromMs: EpochMs; toMs: EpochMs },
    memory?: CoverageMemory,
  ): Promise<CoverageStretch[]>;
  /**
   * The statements that touch [fromMs, toMs), oldest first, as far as searches see them; those of a market
   * include the ones about all markets. `marketId: null`: only those about all markets at once.
   */
  findIntervals(query: IntervalQuery): Promise<DeclaredCoverage[]>;
  /** As above, and where to go on. What goes on over midnight may be listed in part: the rest comes with its day. */
  listIntervals(query: IntervalQuery): Promise<CoveragePage>;
}
