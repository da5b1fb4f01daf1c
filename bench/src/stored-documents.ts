import { z } from "zod";
import type { BenchGround } from "./bench-ground.ts";
import type { RawDocument } from "./raw-bulk.ts";

const PAGE_MAX = 10_000;

/** In which order documents are read, as server and as writers know it. */
export interface StoredOrder {
  readonly sort: readonly Readonly<Record<string, "asc" | "desc">>[];
  /** Dates: a source derived from doc values gives them as texts; they were written as numbers. */
  readonly moments: readonly string[];
}

/** Newest first, as a walk writes them. */
const WALK: StoredOrder = {
  sort: [{ ts: "desc" }, { tie: "desc" }],
  moments: ["ts", "received_at", "ingested_at"],
};

const page = z.object({
  hits: z.object({
    hits: z
      .array(
        z.object({
          _id: z.string(),
          _source: z.record(z.string(), z.unknown()),
          sort: z.array(z.union([z.number(), z.string()])),
        }),
      )
      .default([]),
  }),
});

/** All documents of an index as texts to be written again. */
export async function storedDocuments(
  { server }: BenchGround,
  index: string,
  { sort, moments }: StoredOrder = WALK,
): Promise<RawDocument[]> {
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
        sort,
        ...(after && { search_after: after }),
      },
    });
    const { hits } = page.parse(answer.body).hits;
    for (const { _id, _source } of hits)
      documents.push({ id: _id, source: JSON.stringify(asWritten(_source, moments)) });
    after = hits.at(-1)?.sort ?? null;
    if (hits.length < PAGE_MAX || after === null) return documents;
  }
}

function asWritten(
  source: Readonly<Record<string, unknown>>,
  moments: readonly string[],
): Record<string, unknown> {
  return { ...source, ...Object.fromEntries(moments.map((field) => [field, Number(source[field])])) };
}
