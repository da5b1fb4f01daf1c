import {
  DAY_MS,
  type EpochMs,
  keptFrom,
  PolytapeError,
  SECOND_MS,
  toRfc3339,
  windowStart,
} from "@polytape/market-model";
import { z } from "zod";

/** Markets that can be named by hand. */
const NAMED_MAX = 100;

/** The body: nothing at all for a tick, or what is to be checked. */
export const selfCheckInput = z.strictObject({
  /** A UTC day; default: the last one that has ended and settled. */
  day: z.iso.date({ error: "must be a day like 2026-11-21" }).optional(),
  /** Condition ids; default: a sample. */
  markets: z
    .array(
      z
        .string()
        .regex(/^0x[0-9a-fA-F]{64}$/, "must be 0x and 64 hex digits")
        .transform((id) => id.toLowerCase()),
    )
    .min(1)
    .max(NAMED_MAX)
    .transform((ids) => [...new Set(ids)].sort())
    .optional(),
});
export type SelfCheckInput = z.output<typeof selfCheckInput>;

export interface CheckRequest {
  readonly dayMs: EpochMs;
  /** Null: a sample. */
  readonly markets: readonly string[] | null;
}

export interface CheckBounds {
  /** An upstream further behind the chain than this proves nothing, seconds. */
  readonly upstreamLagSecondsMax: number;
  readonly settleSeconds: number;
  /** 0: no bound. */
  readonly retentionDays: number;
}

/** The start of the last UTC day of which every row should have been served by now. */
export function lastSettledDay(nowMs: EpochMs, settleSeconds: number): EpochMs {
  return windowStart(nowMs - settleSeconds * SECOND_MS, DAY_MS) - DAY_MS;
}

/** Reads a request made by hand; null when the body asks for nothing. Throws `self_check_refused` (input). */
export function readRequest(input: SelfCheckInput, bounds: CheckBounds, nowMs: EpochMs): CheckRequest | null {
  if (input.day === undefined && input.markets === undefined) return null;
  const lastMs = lastSettledDay(nowMs, bounds.settleSeconds);
  const dayMs = input.day === undefined ? lastMs : Date.parse(`${input.day}T00:00:00Z`);
  if (dayMs > lastMs) throw refused(`${nameOfDay(dayMs)} has not ended and settled yet.`);
  const oldestMs = keptFrom(bounds.retentionDays, nowMs);
  if (oldestMs !== null && dayMs < oldestMs)
    throw refused(
      `day: nothing before ${nameOfDay(oldestMs)} is kept (RETENTION_DAYS is ${bounds.retentionDays}).`,
    );
  return { dayMs, markets: input.markets ?? null };
}

/** `2026-11-21` */
export function nameOfDay(dayMs: EpochMs): string {
  return toRfc3339(dayMs).slice(0, 10);
}

function refused(message: string): PolytapeError {
  return new PolytapeError("input", "self_check_refused", message);
}
