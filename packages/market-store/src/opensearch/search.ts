import type { StoreConnection } from "./connection.ts";

export interface SearchRequest {
  /** One name, an alias, a pattern, or several names separated by commas. */
  readonly index: string;
  /** For indices that spring up with their first document. The others are missing only by a mistake. */
  readonly missingIsEmpty?: boolean;
  readonly body: Readonly<Record<string, unknown>>;
  /** What of the answer is wanted: less to send and to read. */
  readonly paths: readonly string[];
}

/**
 * One search, whole or not at all: by default the server answers 200 with the rows of the shards that did
 * answer, and a short answer that does not say so is the one thing this tape must never give.
 */
export async function searchStore(store: StoreConnection, request: SearchRequest): Promise<unknown> {
  const answer = await store.request({
    method: "POST",
    path: `/${request.index}/_search`,
    query: {
      filter_path: request.paths.join(","),
      ignore_unavailable: request.missingIsEmpty ?? false,
      allow_partial_search_results: false,
    },
    body: request.body,
  });
  return answer.body;
}
