import { type EnforceRetentionParts, enforceRetention, retentionInput } from "@polytape/enforce-retention";
import { createLog } from "@polytape/function-runtime";

/** Rolls no index over. */
export const NEVER = { primaryShardBytesMax: 2 ** 50, ageMsMax: 1e12 };

type RetentionRun = Pick<EnforceRetentionParts, "store" | "now"> & Partial<EnforceRetentionParts>;

/** One run of the job, which keeps three days and rolls nothing over unless told otherwise. */
export function runRetention(parts: RetentionRun, body: object = {}) {
  const standard = {
    retentionDays: 3,
    budget: { indicesMax: 100, documentsAtOnce: 1_000 },
    rollover: NEVER,
    signal: new AbortController().signal,
    log: createLog("test", () => {}),
  };
  return enforceRetention({ ...standard, ...parts }, retentionInput.parse(body));
}
