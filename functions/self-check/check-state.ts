import { PolytapeError } from "@polytape/market-model";
import type { Checkpoints } from "@polytape/market-store";
import { z } from "zod";

/** The checkpoint of this function. */
export const CHECKPOINT_NAME = "self-check";
/** Anomalies that are kept and said one by one; all are counted. */
export const ANOMALIES_KEPT_MAX = 50;

const anomalySchema = z.object({
  kind: z.enum(["missing_rows", "extra_rows", "gamma_volume", "day_count"]),
  /** Null: of all markets. */
  market: z.string().nullable(),
  expected: z.number(),
  found: z.number(),
});
export type Anomaly = z.infer<typeof anomalySchema>;

const totalsSchema = z.object({
  checkedMarkets: z.int(),
  /** Of them, those whose day could not be read whole. */
  unfinishedMarkets: z.int(),
  pages: z.int(),
  rows: z.int(),
  /** Rows that the ledger had called complete without them. */
  missingRows: z.int(),
  /** Rows that were stored by the check, those of stretches that nobody called complete included. */
  stored: z.int(),
  /** Stored rows that the upstream no longer serves. */
  extraRows: z.int(),
  rejected: z.int(),
  anomalies: z.int(),
});
export type Totals = z.infer<typeof totalsSchema>;

const checkSchema = z.object({
  dayMs: z.int(),
  /** Null: a sample was drawn. */
  named: z.array(z.string()).nullable(),
  openedAtMs: z.int(),
  /** Markets not yet looked at, in order. */
  left: z.array(z.string()),
  /** Rows are being stored for this market: after a crash they are there, and their news may be missing. */
  repair: z.object({ market: z.string(), missingRows: z.int() }).nullable(),
  totals: totalsSchema,
  anomalies: z.array(anomalySchema),
});
/** A check of one day, over one call or several. */
export type Check = z.infer<typeof checkSchema>;

const stateSchema = z.object({
  /** The newest day of which a sample was checked to the end. */
  checkedDayMs: z.int().nullable(),
  open: checkSchema.nullable(),
  last: checkSchema.extend({ endedAtMs: z.int() }).nullable(),
});
export type SelfCheckState = z.infer<typeof stateSchema>;

export const NO_TOTALS: Totals = {
  checkedMarkets: 0,
  unfinishedMarkets: 0,
  pages: 0,
  rows: 0,
  missingRows: 0,
  stored: 0,
  extraRows: 0,
  rejected: 0,
  anomalies: 0,
};

/** The state, replaced only by who read its last version. */
export interface StoredState {
  readonly state: SelfCheckState;
  /** Throws `store_conflict` when somebody else wrote it first. */
  save(next: SelfCheckState): Promise<void>;
}

export async function readState(checkpoints: Checkpoints): Promise<StoredState> {
  const found = await checkpoints.read(CHECKPOINT_NAME);
  const outcome = stateSchema.safeParse(found?.state ?? { checkedDayMs: null, open: null, last: null });
  if (!outcome.success) {
    const message = `The checkpoint ${CHECKPOINT_NAME} has an unknown shape.`;
    throw new PolytapeError("bug", "checkpoint_malformed", message, { cause: outcome.error });
  }
  let state = outcome.data;
  let version = found?.version ?? null;
  return {
    get state() {
      return state;
    },
    async save(next) {
      version = await checkpoints.write(CHECKPOINT_NAME, next, version);
      state = next;
    },
  };
}
