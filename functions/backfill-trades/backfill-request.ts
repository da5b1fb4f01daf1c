import {
  DAY_MS,
  type EpochMs,
  keptFrom,
  MINUTE_MS,
  PolytapeError,
  SECOND_MS,
  toRfc3339,
} from "@polytape/market-model";
import { z } from "zod";
import type { BackfillRequest } from "./backfill-state.ts";

const moment = z.iso.datetime({ offset: true, error: "must be a time like 2026-11-01T00:00:00Z" });

/** The body: nothing at all for a tick, what is to be filled in, or which backfill is to go on. */
export const backfillInput = z.strictObject({
  from: moment.optional(),
  /** Default now. */
  to: moment.optional(),
  /** Condition id; without it all markets. */
  market_id: z
    .string()
    .regex(/^0x[0-9a-fA-F]{64}$/, "must be 0x and 64 hex digits")
    .transform((id) => id.toLowerCase())
    .optional(),
  /** Of who asks: a request with the same one is never begun a second time. */
  request_id: z
    .string()
    .regex(/^[\w.:-]{1,64}$/, "must be 1 to 64 letters, digits or any of . : - _")
    .optional(),
  /** A job: the backfill that is to go on. */
  backfill: z.string().max(200).optional(),
  /** A job: where that backfill stood when the job was sent; without it wherever it stands. */
  position: z.string().max(200).optional(),
});
export type BackfillInput = z.output<typeof backfillInput>;

export interface RequestBounds {
  readonly backfillDays: number;
  /** 0: no bound. */
  readonly retentionDays: number;
}

/** What may be asked for where the first start fills in nothing. */
const DAYS_WITHOUT_FIRST = 7;
/** Yesterday, whole, may always be asked for: self-check has it read again. */
const DAYS_ALWAYS = 2;
/** `from` may have been reckoned where the request was made. */
const UNDER_WAY_MS = MINUTE_MS;

/**
 * Reads a request made by hand or by another function; null when the body asks for nothing. The same request has
 * the same id, so that one which is sent twice is one backfill. Throws `backfill_refused` (input).
 */
export function readRequest(
  input: BackfillInput,
  bounds: RequestBounds,
  nowMs: EpochMs,
): BackfillRequest | null {
  const marketId = input.market_id ?? null;
  if (input.from === undefined && input.to === undefined && marketId === null) return null;
  const toMs = Math.min(input.to === undefined ? nowMs : Date.parse(input.to), nowMs);
  const fromMs = input.from === undefined ? nowMs - daysByHand(bounds) * DAY_MS : Date.parse(input.from);
  if (fromMs >= toMs) throw refused("from: must lie before `to` and before now.");
  refuseTooMuch({ fromMs, toMs, marketId }, bounds, nowMs);
  const fromSeconds = Math.floor(fromMs / SECOND_MS);
  const toSeconds = Math.ceil(toMs / SECOND_MS);
  const of = marketId === null ? "all" : marketId.slice(0, 18);
  const id = input.request_id ? `asked-${input.request_id}` : `${of}-${fromSeconds}-${toSeconds}`;
  return { id, marketId, fromSeconds, toSeconds };
}

/** The feed of all markets has no windows: all between `from` and now is read and stored, whatever `to` says. */
function refuseTooMuch(
  { fromMs, toMs, marketId }: { fromMs: EpochMs; toMs: EpochMs; marketId: string | null },
  bounds: RequestBounds,
  nowMs: EpochMs,
): void {
  const { retentionDays } = bounds;
  const oldestMs = keptFrom(retentionDays, nowMs);
  if (oldestMs !== null && fromMs < oldestMs - UNDER_WAY_MS) {
    throw refused(
      `from: nothing before ${toRfc3339(oldestMs)} is kept (RETENTION_DAYS is ${retentionDays}).`,
    );
  }
  const daysMax = daysByHand(bounds);
  const spanMs = (marketId === null ? nowMs : toMs) - fromMs;
  if (spanMs <= daysMax * DAY_MS + UNDER_WAY_MS) return;
  const days = Math.ceil((spanMs / DAY_MS) * 10) / 10;
  const whole = marketId === null ? " (all markets are read from now back to `from`)" : "";
  const worksFromMs = (marketId === null ? nowMs : toMs) - daysMax * DAY_MS;
  const works = worksFromMs < toMs ? ` ${toRfc3339(worksFromMs)} or later works now;` : "";
  throw refused(
    `from: this asks for ${days} days${whole}, more than the ${daysMax} allowed.${works} for more, set BACKFILL_DAYS (it is ${bounds.backfillDays}) in .env, or in the environment of backfill-trades in stack.yml, and start again: \`make up\`.`,
  );
}

function daysByHand({ backfillDays }: RequestBounds): number {
  return backfillDays === 0 ? DAYS_WITHOUT_FIRST : Math.max(DAYS_ALWAYS, backfillDays);
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
