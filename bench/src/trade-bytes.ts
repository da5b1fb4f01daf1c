import { z } from "zod";
import type { BenchGround } from "./bench-ground.ts";
import { figure, type JudgedFigure } from "./figure.ts";
import type { IngestedTrades } from "./ingest-rate.ts";
import { bulkBodies, sendBodies } from "./raw-bulk.ts";

/** Matches no template: every field gets what OpenSearch guesses. */
const DEFAULT_INDEX = "guessed-trades";

const stats = z.object({
  _all: z.object({
    primaries: z.object({
      docs: z.object({ count: z.number() }),
      store: z.object({ size_in_bytes: z.number() }),
    }),
  }),
});

/** Bytes per stored trade after a force merge, against the same documents with the default mapping. */
export async function measureBytes(ground: BenchGround, ingested: IngestedTrades): Promise<JudgedFigure> {
  await sendBodies(ground, bulkBodies(DEFAULT_INDEX, ingested.documents));
  const [value, ceiling] = [
    await bytesPerDocument(ground, ingested.index),
    await bytesPerDocument(ground, DEFAULT_INDEX),
  ];
  await ground.server.request({ method: "DELETE", path: `/${DEFAULT_INDEX}` });
  return figure({ name: "bytes per stored trade", unit: "B", value, ceiling });
}

async function bytesPerDocument({ server }: BenchGround, index: string): Promise<number> {
  await server.request({ method: "POST", path: `/${index}/_forcemerge`, query: { max_num_segments: 1 } });
  // Merged segments lie beside the old ones until a refresh and a flush let these go.
  await server.request({ method: "POST", path: `/${index}/_refresh` });
  await server.request({ method: "POST", path: `/${index}/_flush`, query: { force: true } });
  const answer = await server.request({ method: "GET", path: `/${index}/_stats/docs,store` });
  const { docs, store } = stats.parse(answer.body)._all.primaries;
  return store.size_in_bytes / docs.count;
}
