import type { RowSet } from "@polytape/market-model";
import { z } from "zod";
import type { TouchedWindow, TradeAge } from "./event-bus.ts";

/** The largest message on `trades.stored.>`, bytes. */
export const TRADES_STORED_BYTES_MAX = 64 * 1024;

/** What a message on `trades.stored.>` says: in which minutes (epoch ms of their starts) tokens got trades. */
export const tradesStoredMessage = z.object({
  /** The walk that stored them, where there was one. */
  walk_id: z.string().max(200).optional(),
  windows: z
    .array(
      z.object({
        market_id: z.string().min(1).max(200),
        asset_id: z.string().min(1).max(200),
        minutes_ms: z.array(z.number().int().nonnegative()).min(1).max(10_000),
      }),
    )
    .max(10_000),
});
export type TradesStoredMessage = z.output<typeof tradesStoredMessage>;
type WireWindow = TradesStoredMessage["windows"][number];

/** `trades.stored.taker` or `trades.stored.all`; with `.past` behind it, so that the past never queues before the present. */
export function tradesStoredSubject(rowSet: RowSet, age: TradeAge): string {
  return age === "past" ? `trades.stored.${rowSet}.past` : `trades.stored.${rowSet}`;
}

/** Bytes around the list of windows, and of one more minute with its comma. */
const FRAME_BYTES = '{"windows":[]}'.length;
const MINUTE_BYTES = "1700000000000,".length;

/**
 * Cuts touched windows into messages of at most `bytesMax` (their JSON text; ids are ASCII). A window with
 * very many minutes is cut too: what is said of a minute does not depend on its neighbours.
 */
export function cutIntoMessages(
  windows: readonly TouchedWindow[],
  bytesMax: number = TRADES_STORED_BYTES_MAX,
): TradesStoredMessage[] {
  const messages: TradesStoredMessage[] = [];
  let open: WireWindow[] = [];
  let openBytes = FRAME_BYTES;

  for (const window of windows.flatMap((each) => cutWindow(each, bytesMax))) {
    const bytes = Buffer.byteLength(JSON.stringify(window)) + 1;
    if (open.length > 0 && openBytes + bytes > bytesMax) {
      messages.push({ windows: open });
      open = [];
      openBytes = FRAME_BYTES;
    }
    open.push(window);
    openBytes += bytes;
  }
  if (open.length > 0) messages.push({ windows: open });
  return messages;
}

function cutWindow(window: TouchedWindow, bytesMax: number): WireWindow[] {
  const head = { market_id: window.marketId, asset_id: window.assetId };
  const headBytes = Buffer.byteLength(JSON.stringify({ ...head, minutes_ms: [] })) + 1;
  const minutesMax = Math.max(1, Math.floor((bytesMax - FRAME_BYTES - headBytes) / MINUTE_BYTES));
  const parts: WireWindow[] = [];
  for (let at = 0; at < window.minutesMs.length; at += minutesMax) {
    parts.push({ ...head, minutes_ms: window.minutesMs.slice(at, at + minutesMax) });
  }
  return parts;
}
