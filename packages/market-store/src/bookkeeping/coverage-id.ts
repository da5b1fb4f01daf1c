import { createHash } from "node:crypto";
import type { CoverageInterval } from "@polytape/market-model";

/** Evidence aside: the same interval, state and cause is one document. */
export function coverageId(interval: CoverageInterval): string {
  const { stream, marketId, assetId, fromMs, toMs, state, cause } = interval;
  const key = JSON.stringify([stream, marketId, assetId, fromMs, toMs, state, cause]);
  return createHash("sha256").update(key).digest().toString("base64url", 0, 16);
}
