import { DAY_MS, type EpochMs, PolytapeError, SECOND_MS, toRfc3339 } from "@polytape/market-model";
import { z } from "zod";
import type { BackfillRequest } from "./backfill-state.ts";

const moment = z.iso.datetime({ offset: true, error: "must be a time like 2026-11-01T00:00:00Z" });

/** The body: nothing at all for a tick, or what is to be filled in. */
export const backfillInput = z.object({
  from: moment.optional(),
  /** Default now. */
  to: moment.optional(),
  /** Condition id; without it all markets. */
  market_id: z
    .string()
    .regex(/^0x[0-9a-fA-F]{64}$/, "must be 0x and 64 hex digits")
    .transform((id) => id.toLowerCase())
    .optional(),
});
export type BackfillInput = z.output<typeof backfillInput>;

export interface RequestBounds {
  readonly backfillDays: number;
  /** 0: no bound. */
  readonly retentionDays: number;
}

/**
 * Reads a request made by hand; null when the body asks for nothing. The same request has the same id, so
 * that one which is sent twice is one backfill. Throws `backfill_refused` (input).
 */
export function readRequest(
  input: BackfillInput,
  { backfillDays, retentionDays }: RequestBounds,
  nowMs: EpochMs,
): BackfillRequest | null {
  const marketId = input.market_id ?? null;
  if (input.from === undefined && input.to === undefined && marketId === null) return null;
  const toMs = Math.min(input.to === undefined ? nowMs : Date.parse(input.to), nowMs);
  const fromMs = input.from === undefined ? nowMs - backfillDays * DAY_MS : Date.parse(input.from);
  if (fromMs >= toMs) throw refused("`from` must lie before `to` and before now.");
  const oldestMs = nowMs - retentionDays * DAY_MS;
  if (retentionDays > 0 && fromMs < oldestMs) {
    throw refused(`Nothing before ${toRfc3339(oldestMs)} is kept: RETENTION_DAYS is ${retentionDays}.`);
  }
  const fromSeconds = Math.floor(fromMs / SECOND_MS);
  const toSeconds = Math.ceil(toMs / SECOND_MS);
  const of = marketId === null ? "all" : marketId.slice(0, 18);
  return { id: `${of}-${fromSeconds}-${toSeconds}`, marketId, fromSeconds, toSeconds };
}

export const FIRST_ID = "first";

/** What is filled in once, before the first start; null when nothing is to be. */
export function firstRequest(bounds: RequestBounds, nowMs: EpochMs): BackfillRequest | null {
  const { backfillDays, retentionDays } = bounds;
  const days = retentionDays > 0 ? Math.min(backfillDays, retentionDays) : backfillDays;
  if (days === 0) return null;
  const toSeconds = Math.floor(nowMs / SECOND_MS);
  return { id: FIRST_ID, marketId: null, fromSeconds: toSeconds - (days * DAY_MS) / SECOND_MS, toSeconds };
}

function refused(message: string): PolytapeError {
  return new PolytapeError("input", "backfill_refused", message);
}
