import { z } from "zod";
import type { BenchGround } from "./bench-ground.ts";
import type { RawDocument } from "./raw-bulk.ts";

const PAGE_MAX = 10_000;
/** A source derived from doc values gives dates as texts; they were written as numbers. */
const MOMENTS = ["ts", "received_at", "ingested_at"] as const;

const page = z.object({
  hits: z.object({
    hits: z
      .array(
        z.object({
          _id: z.string(),
          _source: z.record(z.string(), z.union([z.string(), z.number()])),
          sort: z.array(z.union([z.number(), z.string()])),
        }),
      )
      .default([]),
  }),
});

/** All documents of a trade index as texts to be written again, newest first, as a walk writes them. */
export async function storedDocuments({ server }: BenchGround, index: string): Promise<RawDocument[]> {
  await server.request({ method: "POST", path: `/${index}/_refresh` });
  const documents: RawDocument[] = [];
  let after: readonly (number | string)[] | null = null;
  for (;;) {
    const answer = await server.request({
      method: "POST",
      path: `/${index}/_search`,
      body: {
        size: PAGE_MAX,
        track_total_hits: false,
        sort: [{ ts: "desc" }, { tie: "desc" }],
        ...(after && { search_after: after }),
      },
    });
    const { hits } = page.parse(answer.body).hits;
    for (const { _id, _source } of hits)
      documents.push({ id: _id, source: JSON.stringify(asWritten(_source)) });
    after = hits.at(-1)?.sort ?? null;
    if (hits.length < PAGE_MAX || after === null) return documents;
  }
}

function asWritten(source: Readonly<Record<string, string | number>>): Record<string, unknown> {
  const moments = MOMENTS.map((field) => [field, Number(source[field])]);
  return { ...source, ...Object.fromEntries(moments) };
}
