import { randomBytes } from "node:crypto";
import { connectStore, indexNames, type StoreConnection, type StoreSettings } from "@polytape/market-store";
import { applyStoreSchema } from "@polytape/opensearch";
import { z } from "zod";

/** A copy of the store of its own on the shared server, under a fresh prefix. */
export interface StoreCopy {
  readonly settings: StoreSettings;
  readonly names: ReturnType<typeof indexNames>;
  readonly server: StoreConnection;
  /** Makes all that was written visible to searches. */
  settle(): Promise<void>;
  indices(): Promise<string[]>;
  remove(): Promise<void>;
}

const resolved = z.object({ indices: z.array(z.object({ name: z.string() })) });
const templates = z.object({ index_templates: z.array(z.object({ name: z.string() })).default([]) });

/** `bare`: nothing applied yet. */
export async function makeStoreCopy(url: string, { bare = false, shards = 1 } = {}): Promise<StoreCopy> {
  const prefix = `t${randomBytes(4).toString("hex")}-`;
  const settings: StoreSettings = { urls: [url], indexPrefix: prefix, timeoutMs: 30_000 };
  const server = connectStore(settings);
  if (!bare) await applyStoreSchema({ ...settings, shards });

  async function indices(): Promise<string[]> {
    const answer = await server.request({ method: "GET", path: `/_resolve/index/${prefix}*` });
    return resolved.parse(answer.body).indices.map(({ name }) => name);
  }

  return {
    settings,
    names: indexNames(prefix),
    server,
    indices,
    async settle() {
      await server.request({ method: "POST", path: `/${prefix}*/_refresh` });
    },
    async remove() {
      for (const index of await indices())
        await server.request({ method: "DELETE", path: `/${index}`, accept: [404] });
      const answer = await server.request({ method: "GET", path: `/_index_template/${prefix}*` });
      for (const { name } of templates.parse(answer.body).index_templates)
        await server.request({ method: "DELETE", path: `/_index_template/${name}` });
      await server.close();
    },
  };
}
