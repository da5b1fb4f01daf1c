import { z } from "zod";
import type { RejectionSamples } from "../market-store.ts";
import { readAnswer, searchAnswer } from "../opensearch/answers.ts";
import { sendBulk } from "../opensearch/bulk.ts";
import { searchStore } from "../opensearch/search.ts";
import type { StoreParts } from "../opensearch/store-parts.ts";
import { type RejectionSample, rejectedRecordOf, rejectionSample } from "./rejection-sample.ts";

const sampleDocument = z.object({
  kind: z.enum(["market", "trade", "book"]),
  reason: z.string(),
  raw: z.string(),
  received_at: z.number(),
});

/** What was refused, as text that nothing searches in: whatever the record holds, it can be kept. */
export function rejectionSamples({ store, names, ready }: StoreParts): RejectionSamples {
  return {
    async keepSamples(rejected) {
      if (rejected.length === 0) return;
      await ready();
      await sendBulk(store, rejected.map(rejectionSample), lineOf);
    },
    async findSamples({ kind, limit }) {
      const answer = await searchStore(store, {
        index: names.rejections,
        paths: ["hits.hits._id", "hits.hits._source"],
        body: {
          size: limit,
          track_total_hits: false,
          query: { bool: { filter: kind === undefined ? [] : [{ term: { kind } }] } },
          sort: [{ received_at: "desc" }],
        },
      });
      const { hits } = readAnswer(searchAnswer, answer, "rejected records").hits;
      return hits.map((hit) => {
        const document = readAnswer(sampleDocument, hit._source, "a rejected record");
        return rejectedRecordOf({ ...document, rawText: document.raw, receivedAtMs: document.received_at });
      });
    },
  };

  function lineOf(sample: RejectionSample) {
    return {
      action: JSON.stringify({ create: { _index: names.rejections, _id: sample.id } }),
      source: JSON.stringify({
        kind: sample.kind,
        reason: sample.reason,
        raw: sample.rawText,
        received_at: sample.receivedAtMs,
      }),
    };
  }
}
