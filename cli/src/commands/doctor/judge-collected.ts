import { type EpochMs, HOUR_MS, MINUTE_MS, toRfc3339 } from "@polytape/market-model";
import { durationText } from "./duration-text.ts";
import { type Finding, failed, ok, warning } from "./finding.ts";

/** What one collector brings, and from which age on that is odd. */
interface Collected {
  readonly what: string;
  readonly collector: string;
  readonly oddAfterMs: number;
  readonly graveAfterMs: number;
}

export const MARKETS: Collected = {
  what: "the newest change of a market",
  collector: "ingest-markets",
  oddAfterMs: 15 * MINUTE_MS,
  graveAfterMs: 6 * HOUR_MS,
};
export const BOOKS: Collected = {
  what: "the last look at a book",
  collector: "snapshot-book",
  oddAfterMs: 5 * MINUTE_MS,
  graveAfterMs: HOUR_MS,
};

export function judgeCollected(of: Collected, newestMs: EpochMs | null, nowMs: EpochMs): Finding {
  const cure = `see the lines runs and disk; read the log of ${of.collector}`;
  if (newestMs === null) return warning("none is stored", `wait for the first tick; then ${cure}`);
  const ageMs = Math.max(0, nowMs - newestMs);
  const said = `${of.what} is ${durationText(ageMs)} old`;
  if (ageMs > of.graveAfterMs) return failed(said, cure);
  return ageMs > of.oddAfterMs ? warning(said, cure) : ok(said);
}

/** Trades of some age, and whether any of their windows has a candle. */
export interface CandleLook {
  readonly ageMs: number;
  readonly hasTrades: boolean;
  readonly hasCandle: boolean;
}

/** Candles of trades that old cannot be on their way any more, but for those of a long backfill. */
const GRAVE_AGE_MS = 6 * HOUR_MS;

/** `looks` from young to old. */
export function judgeCandles(looks: readonly CandleLook[]): Finding {
  const known = looks.filter(({ hasTrades }) => hasTrades);
  const [youngest] = known;
  if (!youngest) return ok("no settled trades, so none is due");
  const without = known.filter(({ hasCandle }) => !hasCandle);
  if (!without.includes(youngest)) return ok(`built up to ${durationText(youngest.ageMs)} ago`);
  const newest = known.find(({ hasCandle }) => hasCandle);
  const said = newest
    ? `trades of ${durationText(youngest.ageMs)} ago have none, those of ${durationText(newest.ageMs)} ago have`
    : `trades of ${durationText(without.at(-1)?.ageMs ?? 0)} ago have none`;
  const cure =
    "see the lines runs and consumers (build-candles) and dead letters; then polytape rebuild-candles --from … --to …";
  return without.some(({ ageMs }) => ageMs >= GRAVE_AGE_MS) ? failed(said, cure) : warning(said, cure);
}

/** It runs every hour. */
const RETENTION_AGE_MAX_MS = 3 * HOUR_MS;

export function judgeRetention(
  last: { readonly outcome: string; readonly atMs: EpochMs } | null | undefined,
  nowMs: EpochMs,
): Finding {
  if (last === undefined)
    return warning("its checkpoint has an unknown shape", "is this command older than the functions?");
  if (last === null)
    return warning("has not run yet", "it runs every hour; then read the log of enforce-retention");
  const said = `${last.outcome} at ${toRfc3339(last.atMs)}`;
  if (last.outcome === "refused")
    return failed(
      `${said}: so much was due at once that it deleted nothing`,
      'check RETENTION_DAYS and the clock; POST {"dry_run":true} to /function/enforce-retention says what would go, {"confirm":true} lets it',
    );
  if (nowMs - last.atMs > RETENTION_AGE_MAX_MS)
    return failed(
      `${said}, ${durationText(nowMs - last.atMs)} ago`,
      "see the lines runs and schedules; read the log of enforce-retention",
    );
  return ok(said);
}
