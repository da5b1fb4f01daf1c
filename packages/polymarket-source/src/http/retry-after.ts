import type { EpochMs } from "@polytape/market-model";
import { polymarketError } from "../wire/index.ts";

/** A longer wait than this is not believed: the upstream's own windows are 10 seconds. */
export const RETRY_AFTER_MAX_MS = 60_000;

/**
 * How long the upstream asks us to wait: the `Retry-After` header in seconds or as an HTTP date, or the
 * `retry_after_seconds` that CLOB errors carry in the body. Null when it says nothing that can be read.
 */
export function readRetryAfterMs(header: string | null, body: unknown, nowMs: EpochMs): number | null {
  const askedMs = fromHeader(header?.trim() ?? "", nowMs) ?? fromBody(body);
  return askedMs === null ? null : Math.min(Math.max(askedMs, 0), RETRY_AFTER_MAX_MS);
}

function fromHeader(text: string, nowMs: EpochMs): number | null {
  if (text === "") return null;
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1_000;
  const dateMs = Date.parse(text);
  return Number.isNaN(dateMs) ? null : dateMs - nowMs;
}

function fromBody(body: unknown): number | null {
  const outcome = polymarketError.safeParse(body);
  const seconds = outcome.success ? outcome.data.retry_after_seconds : null;
  return typeof seconds === "number" && Number.isFinite(seconds) ? seconds * 1_000 : null;
}
