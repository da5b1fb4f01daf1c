import { z } from "zod";
import { readAnswer } from "../opensearch/answers.ts";
import type { StoreConnection } from "../opensearch/connection.ts";

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

/** The last watermark before all indices take nothing new, as the operator set it; null where disks are not watched. */
export async function readHighWatermark(store: StoreConnection): Promise<string | null> {
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
