import { z } from "zod";
import { storeUnavailable } from "../store-errors.ts";
import { readAnswer } from "./answers.ts";
import type { StoreConnection } from "./connection.ts";

/** Names of indices in one address. */
const NAMES_MAX = 64;

const refreshAnswer = z.object({ _shards: z.object({ failed: z.number() }) });

/**
 * Makes all writes acknowledged before this call visible to searches after it; indices that do not exist yet
 * hold none. Throws `store_unavailable` when a shard could not: a search would then be short without a word.
 */
export async function refreshIndices(store: StoreConnection, indices: Iterable<string>): Promise<void> {
  const names = [...new Set(indices)];
  for (let from = 0; from < names.length; from += NAMES_MAX) {
    const answer = await store.request({
      method: "POST",
      path: `/${names.slice(from, from + NAMES_MAX).join(",")}/_refresh`,
      query: { ignore_unavailable: true, filter_path: "_shards.failed" },
    });
    const { failed } = readAnswer(refreshAnswer, answer.body, "a refresh")._shards;
    if (failed > 0) throw storeUnavailable(new Error(`${failed} shards were not refreshed`));
  }
}
