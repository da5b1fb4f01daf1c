import { createHmac, timingSafeEqual } from "node:crypto";
import type { FeedPosition } from "./trade-feed.ts";
import { sequenceIdOf } from "./trade-rows.ts";

/** What a v2 cursor holds, signed: the page size, the last row, and which filters it was made under. */
export interface FeedCursor {
  readonly limit: number;
  readonly position: FeedPosition;
  readonly filters: string;
}

/** Cursors like those of Data-API v2: base64 of a body and its signature. To clients they are opaque. */
export function signCursors(seed: number): {
  write(cursor: FeedCursor): string;
  /** Null when it was not written here, or was tampered with. */
  read(text: string): FeedCursor | null;
} {
  const sign = (body: string) => createHmac("sha256", `simulated ${seed}`).update(body).digest("hex");
  return {
    write({ limit, position, filters }) {
      const params = { l: limit, ts: position.timestamp, sq: sequenceIdOf(position), d: 2, f: filters };
      const body = JSON.stringify({ type: "trades", params });
      return Buffer.from(`{"data":${body},"sig":"${sign(body)}"}`).toString("base64");
    },
    read(text) {
      const found = CURSOR.exec(Buffer.from(text, "base64").toString("latin1"));
      if (!found) return null;
      const [, body = "", limit, timestamp, place, filters = "", signature = ""] = found;
      if (!timingSafeEqual(Buffer.from(sign(body)), Buffer.from(signature))) return null;
      return {
        limit: Number(limit),
        position: { timestamp: Number(timestamp), place: Number(place) },
        filters,
      };
    },
  };
}

const CURSOR =
  /^\{"data":(\{"type":"trades","params":\{"l":(\d{1,4}),"ts":(\d{1,12}),"sq":"\d{8}(\d{10})","d":2,"f":"([0-9a-f]{1,16})"\}\}),"sig":"([0-9a-f]{64})"\}$/;
