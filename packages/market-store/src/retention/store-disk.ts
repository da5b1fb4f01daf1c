import { hasCode } from "@polytape/market-model";
import { z } from "zod";
import { readAnswer } from "../opensearch/answers.ts";
import type { StoreParts } from "../opensearch/store-parts.ts";
import { blocksOf } from "./index-blocks.ts";

/** Whether there is room, for those that give way to others before there is none. */
export interface StoreDisk {
  /**
   * Asks the server. Short of disk: the index of books takes nothing new, or no server has more room than its
   * high watermark, the last one before all indices take nothing new. A server that does not tell (its account
   * may not ask) has room until it refuses.
   */
  look(): Promise<DiskRoom>;
}

export interface DiskRoom {
  readonly isShort: boolean;
  /** In words for an operator; null with room. */
  readonly reason: string | null;
}

/** Settings of one level; what it does not say is absent. */
const diskSettings = z
  .object({
    threshold_enabled: z.string().optional(),
    watermark: z.object({ high: z.string().optional() }).optional(),
  })
  .optional();
const level = z
  .object({
    cluster: z.object({ routing: z.object({ allocation: z.object({ disk: diskSettings }) }) }).optional(),
  })
  .optional();
const settingsAnswer = z.object({ transient: level, persistent: level, defaults: level });
const nodesAnswer = z.object({
  nodes: z
    .record(
      z.string(),
      z.object({
        fs: z.object({ total: z.object({ total_in_bytes: z.number(), available_in_bytes: z.number() }) }),
      }),
    )
    .default({}),
});

/** See `StoreDisk`. Three small requests a look. */
export function storeDisk({ store, names }: Pick<StoreParts, "store" | "names">): StoreDisk {
  async function readHighWatermark(): Promise<string | null> {
    const { body } = await store.request({
      method: "GET",
      path: "/_cluster/settings",
      query: { include_defaults: true, filter_path: "*.cluster.routing.allocation.disk" },
    });
    const { transient, persistent, defaults } = readAnswer(settingsAnswer, body, "the cluster's settings");
    const levels = [transient, persistent, defaults].map((each) => each?.cluster?.routing.allocation.disk);
    const isWatched = levels.find((each) => each?.threshold_enabled !== undefined)?.threshold_enabled;
    if (isWatched === "false") return null;
    return levels.find((each) => each?.watermark?.high !== undefined)?.watermark?.high ?? null;
  }

  async function readNodes(): Promise<NodeDisk[]> {
    const { body } = await store.request({
      method: "GET",
      path: "/_nodes/stats/fs",
      query: { filter_path: "nodes.*.fs.total" },
    });
    const { nodes } = readAnswer(nodesAnswer, body, "the disks");
    return Object.values(nodes).map(({ fs }) => ({
      totalBytes: fs.total.total_in_bytes,
      freeBytes: fs.total.available_in_bytes,
    }));
  }

  return {
    async look() {
      try {
        const blocks = await blocksOf(store, names.books);
        if (blocks.length > 0) return { isShort: true, reason: `${names.books}: ${blocks.join(", ")}` };
        const [watermark, nodes] = await Promise.all([readHighWatermark(), readNodes()]);
        const isShort =
          watermark !== null && nodes.length > 0 && nodes.every((node) => isPast(watermark, node));
        return { isShort, reason: isShort ? `disk past the high watermark (${watermark})` : null };
      } catch (error) {
        if (!hasCode(error, "store_refused")) throw error;
        return { isShort: false, reason: null };
      }
    },
  };
}

export interface NodeDisk {
  readonly totalBytes: number;
  readonly freeBytes: number;
}

/** A watermark is a share of the disk that may be used (`90%`, `0.9`), or bytes that must be free (`1gb`). */
export function isPast(watermark: string, { totalBytes, freeBytes }: NodeDisk): boolean {
  const usedShare = 1 - freeBytes / totalBytes;
  const percent = /^(\d+(?:\.\d+)?)%$/.exec(watermark)?.[1];
  if (percent !== undefined) return usedShare * 100 > Number(percent);
  const bytes = /^(\d+(?:\.\d+)?)(b|kb|mb|gb|tb)$/.exec(watermark.toLowerCase());
  if (bytes)
    return freeBytes < Number(bytes[1]) * 1024 ** ["b", "kb", "mb", "gb", "tb"].indexOf(bytes[2] ?? "b");
  const share = Number(watermark);
  return Number.isFinite(share) && usedShare > share;
}
