import { z } from "zod";
import { readAnswer } from "../opensearch/answers.ts";
import type { StoreConnection } from "../opensearch/connection.ts";

const settingsAnswer = z.record(z.string(), z.object({ settings: z.record(z.string(), z.unknown()) }));

/** The blocks that are set on an index, or on the indices behind an alias: `index.blocks.read_only_allow_delete`. */
export async function blocksOf(store: StoreConnection, index: string): Promise<string[]> {
  const { status, body } = await store.request({
    method: "GET",
    path: `/${index}/_settings`,
    query: { flat_settings: true },
    accept: [404],
  });
  if (status === 404) return [];
  const blocks = Object.values(readAnswer(settingsAnswer, body, "settings")).flatMap(({ settings }) =>
    Object.keys(settings).filter((key) => key.startsWith("index.blocks.") && settings[key] === "true"),
  );
  return [...new Set(blocks)];
}
