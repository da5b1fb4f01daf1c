import { type EpochMs, type RejectedRecord, SECOND_MS, type TradeRow } from "@polytape/market-model";
import { z } from "zod";
import { isRejected } from "../http/rejected.ts";
import type { SecondsStretch } from "../polymarket-source.ts";
import { isTimeOfTrade } from "./to-trade-row.ts";

const timed = z.looseObject({ timestamp: z.int() });

/** The second of a row as it came, if that much of it can be read. */
export function timeOfRow(raw: unknown, receivedAtMs: EpochMs): number | null {
  const outcome = timed.safeParse(raw);
  return outcome.success && isTimeOfTrade(outcome.data.timestamp, receivedAtMs)
    ? outcome.data.timestamp
    : null;
}

/**
 * Where the refused records of a page stand in event time, newest first like the page: in the second that they name, if
 * that is one between their neighbours', otherwise anywhere between those. At an end of the page there is one neighbour,
 * and on a page of refused records only the moment it came.
 */
export function rejectedStretches(
  records: readonly (TradeRow | RejectedRecord)[],
  receivedAtMs: EpochMs,
): SecondsStretch[] {
  const times = records.map((record) => (isRejected(record) ? null : record.tsSeconds));
  const isKnown = (time: number | null): time is number => time !== null;
  return records.flatMap((record, at) => {
    if (!isRejected(record)) return [];
    const named = timeOfRow(record.raw, receivedAtMs);
    const newer = times.slice(0, at).findLast(isKnown) ?? null;
    const older = times.slice(at).find(isKnown) ?? null;
    if (named !== null && named <= (newer ?? named) && named >= (older ?? named))
      return [{ fromSeconds: named, toSeconds: named + 1 }];
    const arrived = Math.floor(receivedAtMs / SECOND_MS);
    return [{ fromSeconds: older ?? newer ?? arrived, toSeconds: (newer ?? older ?? arrived) + 1 }];
  });
}
