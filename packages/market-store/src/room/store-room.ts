import { hasCode } from "@polytape/market-model";
import { z } from "zod";
import { readAnswer } from "../opensearch/answers.ts";
import type { StoreParts } from "../opensearch/store-parts.ts";
import { blocksOf } from "../retention/index-blocks.ts";
import { isPast, type NodeDisk, readHighWatermark } from "./disk-watermark.ts";
import { overloadOf, type WriteLoad } from "./write-load.ts";

/** Whether there is room, for those that give way to others before there is none. */
export interface StoreRoom {
  /**
   * Asks the servers. Short of disk: the index of books takes nothing new, or no server has more room than its high
   * watermark, the last one before all indices take nothing new. Short of capacity: writes were refused for the moment
   * since the last look, whose ever they were, or the store is close to that, or slow. A server that does not tell (its
   * account may not ask) has room until it refuses.
   */
  look(): Promise<Room>;
}

export interface Room {
  /** Null: there is room. */
  readonly shortOf: "disk" | "capacity" | null;
  /** In words for an operator; null with room. */
  readonly reason: string | null;
}

const count = z.number().default(0);
const nodesAnswer = z.object({
  nodes: z
    .record(
      z.string(),
      z.object({
        fs: z.object({ total: z.object({ total_in_bytes: z.number(), available_in_bytes: z.number() }) }),
        thread_pool: z
          .object({ write: z.object({ queue: count, rejected: count }).prefault({}) })
          .prefault({}),
        indexing_pressure: z
          .object({
            memory: z
              .object({
                limit_in_bytes: count,
                current: z.object({ all_in_bytes: count }).prefault({}),
                total: z.object({ coordinating_rejections: count, primary_rejections: count }).prefault({}),
              })
              .prefault({}),
          })
          .prefault({}),
      }),
    )
    .default({}),
});

const ROOM: Room = { shortOf: null, reason: null };

/** See `StoreRoom`. Three small requests a look; what was refused until the last one is remembered. */
export function storeRoom({ store, names, now }: Pick<StoreParts, "store" | "names" | "now">): StoreRoom {
  let before: WriteLoad | null = null;

  async function readNodes(): Promise<{ disks: NodeDisk[]; load: WriteLoad }> {
    const askedMs = now();
    const paths = ["fs.total", "thread_pool.write", "indexing_pressure.memory"].map(
      (path) => `nodes.*.${path}`,
    );
    const { body } = await store.request({
      method: "GET",
      path: "/_nodes/stats/fs,thread_pool,indexing_pressure",
      query: { filter_path: paths.join(",") },
    });
    const nodes = Object.values(readAnswer(nodesAnswer, body, "the servers").nodes);
    return {
      disks: nodes.map(({ fs: { total } }) => ({
        totalBytes: total.total_in_bytes,
        freeBytes: total.available_in_bytes,
      })),
      load: {
        refused: nodes.reduce((sum, node) => sum + refusedBy(node), 0),
        waiting: Math.max(0, ...nodes.map(({ thread_pool }) => thread_pool.write.queue)),
        pressure: Math.max(0, ...nodes.map(pressureOn)),
        tookMs: now() - askedMs,
      },
    };
  }

  return {
    async look() {
      try {
        const blocks = await blocksOf(store, names.books);
        if (blocks.length > 0) return { shortOf: "disk", reason: `${names.books}: ${blocks.join(", ")}` };
        const [watermark, { disks, load }] = await Promise.all([readHighWatermark(store), readNodes()]);
        const overload = overloadOf(load, before);
        before = load;
        if (watermark !== null && disks.length > 0 && disks.every((disk) => isPast(watermark, disk)))
          return { shortOf: "disk", reason: `disk past the high watermark (${watermark})` };
        return overload === null ? ROOM : { shortOf: "capacity", reason: overload };
      } catch (error) {
        if (!hasCode(error, "store_refused")) throw error;
        return ROOM;
      }
    },
  };
}

type NodeStats = z.output<typeof nodesAnswer>["nodes"][string];

function refusedBy({ thread_pool, indexing_pressure: { memory } }: NodeStats): number {
  return thread_pool.write.rejected + memory.total.coordinating_rejections + memory.total.primary_rejections;
}

function pressureOn({ indexing_pressure: { memory } }: NodeStats): number {
  return memory.limit_in_bytes > 0 ? memory.current.all_in_bytes / memory.limit_in_bytes : 0;
}
