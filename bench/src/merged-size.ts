import { PolytapeError } from "@polytape/market-model";
import { z } from "zod";
import type { BenchGround } from "./bench-ground.ts";

export interface MergedSize {
  readonly bytes: number;
  /** As written: what is nested in them does not count. */
  readonly documents: number;
}

const segments = z.object({
  indices: z.record(
    z.string(),
    z.object({
      shards: z.record(
        z.string(),
        z.array(z.object({ segments: z.record(z.string(), z.object({ size_in_bytes: z.number() })) })),
      ),
    }),
  ),
});
const counted = z.object({ count: z.number() });

/** Merges an index of one shard to one segment and says how large it is then. */
export async function mergedSize({ server }: BenchGround, index: string): Promise<MergedSize> {
  await server.request({ method: "POST", path: `/${index}/_forcemerge`, query: { max_num_segments: 1 } });
  await server.request({ method: "POST", path: `/${index}/_refresh` });
  // Not the statistics of the store: they are up to ten seconds old.
  const answer = await server.request({ method: "GET", path: `/${index}/_segments` });
  const sizes = Object.values(segments.parse(answer.body).indices)
    .flatMap(({ shards }) => Object.values(shards).flat())
    .flatMap((shard) => Object.values(shard.segments))
    .map(({ size_in_bytes }) => size_in_bytes);
  const [bytes] = sizes;
  if (bytes === undefined || sizes.length > 1)
    throw new PolytapeError("operating", "not_merged", `${index} has ${sizes.length} segments.`);
  const number = await server.request({ method: "GET", path: `/${index}/_count` });
  return { bytes, documents: counted.parse(number.body).count };
}
