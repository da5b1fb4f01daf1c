import { PolytapeError } from "@polytape/market-model";
import { type RefusalCode, sentenceOf } from "../refusal-code.ts";
import type { Room, StoreRoom } from "../room/store-room.ts";

/** Why a store takes no write, as `RefusalCode` names it. */
export type WriteRefusal = Exclude<RefusalCode, "store_refused">;

/** All calls that write documents; reads, and the deletion of whole indices, go on. */
const WRITES: ReadonlySet<string> = new Set([
  "markets.storeMarkets",
  "trades.createTrades",
  "candles.writeCandles",
  "books.storeBooks",
  "checkpoints.write",
  "coverage.recordIntervals",
  "coverage.addEvidence",
  "rejections.keepSamples",
  "retention.dropCoverage",
  "retention.dropRejections",
]);

/** The part of the in-memory store that refuses writes, and tells whoever looks for room. */
export function inMemoryRefusals(): {
  room: StoreRoom;
  showRoom(room: Room): void;
  refuseWrites(refusal: WriteRefusal | null): void;
  /** Throws when the call is a write and writes are refused. */
  checkCall(call: string): void;
} {
  let refusal: WriteRefusal | null = null;
  let shown: Room = { shortOf: null, reason: null };
  let refusedSinceLook = 0;

  return {
    room: {
      async look() {
        const refused = refusedSinceLook;
        refusedSinceLook = 0;
        if (refusal === "store_full" || refusal === "store_read_only")
          return { shortOf: "disk", reason: "orderbook_snapshots_v1: blocked" };
        if (refused > 0)
          return { shortOf: "capacity", reason: `writes refused since the last look: ${refused}` };
        return shown;
      },
    },
    showRoom: (room) => {
      shown = room;
    },
    refuseWrites: (next) => {
      refusal = next;
    },
    checkCall(call) {
      if (refusal === null || !WRITES.has(call)) return;
      if (refusal === "store_busy") refusedSinceLook += 1;
      throw new PolytapeError("operating", refusal, sentenceOf(refusal));
    },
  };
}
