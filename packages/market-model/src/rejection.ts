import type { EpochMs } from "./time.ts";

/** A record from outside that was refused: counted, and kept as a sample, never repaired by a default. */
export interface RejectedRecord {
  /** What it was read as. */
  readonly kind: "market" | "trade" | "book";
  /** Why it was refused, naming the field. */
  readonly reason: string;
  /** The record as it came. */
  readonly raw: unknown;
  readonly receivedAtMs: EpochMs;
}
