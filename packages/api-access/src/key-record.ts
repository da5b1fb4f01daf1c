import { DAY_MS, type EpochMs } from "@polytape/market-model";
import { z } from "zod";

/** How long a key of each plan lives. */
export const PLAN_DAYS = { weekly: 7, monthly: 30 } as const;
export const PLANS = ["weekly", "monthly"] as const;
export type Plan = (typeof PLANS)[number];

export const RATE_RPS_MAX = 10_000;
export const DAILY_CAP_MAX = 1_000_000_000;

/** A moment as it is kept: RFC 3339 in UTC. */
const moment = z.iso.datetime();

/** What is kept of a key, under the hex of its hash. The key itself is nowhere. */
export const apiKeyRecordSchema = z.object({
  /** Public name of the key, for lists, logs and revoking. */
  id: z.string().regex(/^key_[0-9a-z]{12}$/),
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  plan: z.enum(PLANS),
  created_at: moment,
  /** The first moment at which the key no longer works. */
  expires_at: moment,
  label: z.string().max(200).optional(),
  /** Requests per second; absent: the deployment's. */
  rate_rps: z.number().positive().max(RATE_RPS_MAX).optional(),
  /** Requests per UTC day; absent: the deployment's. */
  daily_cap: z.int().positive().max(DAILY_CAP_MAX).optional(),
  revoked_at: moment.optional(),
  /** The id of the key that takes its place. */
  replaced_by: z.string().optional(),
});

export type ApiKeyRecord = z.output<typeof apiKeyRecordSchema>;
export type KeyState = "active" | "expired" | "revoked";

export function keyStateAt(record: ApiKeyRecord, nowMs: EpochMs): KeyState {
  if (record.revoked_at !== undefined) return "revoked";
  return nowMs < Date.parse(record.expires_at) ? "active" : "expired";
}

export function planEndMs(plan: Plan, startMs: EpochMs): EpochMs {
  return startMs + PLAN_DAYS[plan] * DAY_MS;
}
