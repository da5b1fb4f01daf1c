import { type EpochMs, SECOND_MS } from "@polytape/market-model";
import { z } from "zod";
import { isRejected } from "../http/rejected.ts";
import { isTimeOfTrade, toTradeRowV1 } from "./to-trade-row.ts";
import type { PlacedRow } from "./whole-seconds.ts";

const timed = z.looseObject({ timestamp: z.int() });

/** Reads the rows of one answer of v1, each with its second. */
export function placeRows(raw: readonly unknown[], receivedAtMs: EpochMs): PlacedRow[] {
  const times = raw.map((row) => timeOf(row, receivedAtMs));
  // Rows are ordered by time: one without a readable time belongs where it stands.
  let known = times.find((time) => time !== null) ?? Math.floor(receivedAtMs / SECOND_MS);
  return raw.map((row, at) => {
    known = times[at] ?? known;
    const record = toTradeRowV1(row, receivedAtMs);
    return { tsSeconds: known, record, key: isRejected(record) ? "rejected" : JSON.stringify(record) };
  });
}

function timeOf(row: unknown, receivedAtMs: EpochMs): number | null {
  const outcome = timed.safeParse(row);
  return outcome.success && isTimeOfTrade(outcome.data.timestamp, receivedAtMs)
    ? outcome.data.timestamp
    : null;
}
