import { z } from "zod";
import { readAnswer } from "../opensearch/answers.ts";
import type { IndexNames } from "../opensearch/index-names.ts";
import { readSchemaVersion, SCHEMA_VERSION } from "../opensearch/schema-version.ts";
import type { StoreParts } from "../opensearch/store-parts.ts";
import { isPast } from "../room/disk-watermark.ts";

export interface StoreVersions {
  /** Of OpenSearch. */
  readonly version: string;
  /** 0 for a store that nothing has been applied to. */
  readonly schemaVersion: number;
}

/** What an operator wants to know of the server beside its data. */
export interface StoreState extends StoreVersions {
  /** What this version of the package expects. */
  readonly schemaNeeded: number;
  readonly nodes: readonly NodeState[];
  /** An index that a write needs may come into being; a restore that broke off leaves that forbidden. */
  readonly makesIndices: boolean;
  /** Indices of ours that refuse something, with what blocks them. */
  readonly blocked: readonly { readonly index: string; readonly blocks: readonly string[] }[];
}

export interface NodeState {
  readonly name: string;
  readonly totalBytes: number;
  readonly freeBytes: number;
  /** The highest watermark that the disk is past; null with room. */
  readonly past: Watermark | null;
}

export type Watermark = "low" | "high" | "flood_stage";

/** Gravest first. */
const WATERMARKS: readonly Watermark[] = ["flood_stage", "high", "low"];
const DISK = "cluster.routing.allocation.disk";

const versionAnswer = z.object({ version: z.object({ number: z.string() }) });
const flat = z.record(z.string(), z.unknown()).default({});
const clusterAnswer = z.object({ persistent: flat, transient: flat, defaults: flat });
const nodesAnswer = z.object({
  nodes: z
    .record(
      z.string(),
      z.object({
        name: z.string(),
        fs: z.object({ total: z.object({ total_in_bytes: z.number(), available_in_bytes: z.number() }) }),
      }),
    )
    .default({}),
});
const indexAnswer = z.record(z.string(), z.object({ settings: z.record(z.string(), z.unknown()) }));

/** Patterns of all indices of one copy of the store; a server may hold those of others. */
export function ownIndices({ prefix, tradesPattern, candles, books, ...names }: IndexNames): string {
  const { markets, marketChanges, coverage, checkpoints, rejections } = names;
  const series = [tradesPattern, `${candles}-*`, `${books}-*`];
  return [markets, marketChanges, coverage, checkpoints, rejections, ...series].join(",");
}

type StoreAndNames = Pick<StoreParts, "store" | "names">;

/** Two small requests. Throws what a store throws. */
export async function readStoreVersions({ store, names }: StoreAndNames): Promise<StoreVersions> {
  const [root, schemaVersion] = await Promise.all([
    store.request({ method: "GET", path: "/" }),
    readSchemaVersion(store, names),
  ]);
  return { version: readAnswer(versionAnswer, root.body, "the server").version.number, schemaVersion };
}

/** Five small requests. Throws what a store throws. */
export async function readStoreState({ store, names }: StoreAndNames): Promise<StoreState> {
  const read = async <T>(path: string, query: Record<string, string | boolean>, schema: z.ZodType<T>) =>
    readAnswer(schema, (await store.request({ method: "GET", path, query })).body, path);
  const [versions, cluster, { nodes }, indices] = await Promise.all([
    readStoreVersions({ store, names }),
    read("/_cluster/settings", { include_defaults: true, flat_settings: true }, clusterAnswer),
    read("/_nodes/stats/fs", { filter_path: "nodes.*.name,nodes.*.fs.total" }, nodesAnswer),
    read(`/${ownIndices(names)}/_settings/index.blocks.*`, INDEX_QUERY, indexAnswer),
  ]);
  const settings = { ...cluster.defaults, ...cluster.persistent, ...cluster.transient };
  return {
    ...versions,
    schemaNeeded: SCHEMA_VERSION,
    nodes: Object.values(nodes).map(({ name, fs }) => {
      const disk = { totalBytes: fs.total.total_in_bytes, freeBytes: fs.total.available_in_bytes };
      return { name, ...disk, past: watermarkPast(settings, disk) };
    }),
    makesIndices: settings["action.auto_create_index"] !== "false",
    blocked: Object.entries(indices)
      .map(([index, { settings: blocks }]) => ({ index, blocks: namesOfTrue(blocks) }))
      .filter(({ blocks }) => blocks.length > 0),
  };
}

const INDEX_QUERY = { flat_settings: true, ignore_unavailable: true, allow_no_indices: true };

function namesOfTrue(settings: Readonly<Record<string, unknown>>): string[] {
  return Object.keys(settings).filter((name) => settings[name] === "true");
}

function watermarkPast(
  settings: Readonly<Record<string, unknown>>,
  disk: { totalBytes: number; freeBytes: number },
): Watermark | null {
  if (settings[`${DISK}.threshold_enabled`] === "false") return null;
  const past = WATERMARKS.find((name) => {
    const watermark = settings[`${DISK}.watermark.${name}`];
    return typeof watermark === "string" && isPast(watermark, disk);
  });
  return past ?? null;
}
