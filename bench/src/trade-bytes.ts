import type { BenchGround } from "./bench-ground.ts";
import { figure, type JudgedFigure } from "./figure.ts";
import type { IngestedTrades } from "./ingest-rate.ts";
import { mergedSize } from "./merged-size.ts";
import { bulkBodies, sendBodies } from "./raw-bulk.ts";

/** Matches no template: every field gets what OpenSearch guesses. */
const DEFAULT_INDEX = "guessed-trades";

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

async function bytesPerDocument(ground: BenchGround, index: string): Promise<number> {
  const { bytes, documents } = await mergedSize(ground, index);
  return bytes / documents;
}
