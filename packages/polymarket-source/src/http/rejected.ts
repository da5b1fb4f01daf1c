import type { RejectedRecord } from "@polytape/market-model";

/** Tells a refused record from an accepted one; no record of ours has both of these keys. */
export function isRejected(record: object): record is RejectedRecord {
  return "reason" in record && "raw" in record;
}
