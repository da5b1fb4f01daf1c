import type { EpochMs } from "./time.ts";

export type CoverageStream = "trades" | "books" | "markets";
export type CoverageState = "complete" | "partial" | "missing" | "unknown";
export type CoverageCause =
  | "upstream_lag"
  | "upstream_cap"
  | "upstream_changed"
  | "socket_silent"
  | "collector_down"
  | "throttled"
  | "hash_mismatch";

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
