import { type EpochMs, SECOND_MS } from "@polytape/market-model";
import { isRejected } from "../http/rejected.ts";
import { timeOfRow } from "./rejected-stretches.ts";
import { toTradeRowV1 } from "./to-trade-row.ts";
import type { PlacedRow } from "./whole-seconds.ts";

/** Reads the rows of one answer of v1, each with its second. */
export function placeRows(raw: readonly unknown[], receivedAtMs: EpochMs): PlacedRow[] {
  const times = raw.map((row) => timeOfRow(row, receivedAtMs));
  // Rows are ordered by time: one without a readable time belongs where it stands.
  let known = times.find((time) => time !== null) ?? Math.floor(receivedAtMs / SECOND_MS);
  return raw.map((row, at) => {
    known = times[at] ?? known;
    const record = toTradeRowV1(row, receivedAtMs);
    return { tsSeconds: known, record, key: isRejected(record) ? "rejected" : JSON.stringify(record) };
  });
}
