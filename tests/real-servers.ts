import { readEnvironment } from "@polytape/function-runtime";
import { QUICK_JAVA, startOpenSearch } from "@polytape/local";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  interface ProvidedContext {
    /** One OpenSearch for all files of the run: use an index prefix of your own. */
    openSearchUrl: string;
  }
}

/**
 * Starts what all integration tests share: OpenSearch, because it takes seconds. A nats-server takes none, so
 * each file starts its own (`startNats`). TEST_OPENSEARCH_URL names one that runs already.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const given = readEnvironment()["TEST_OPENSEARCH_URL"];
  if (given) {
    project.provide("openSearchUrl", given);
    return async () => {};
  }
  const server = await startOpenSearch({ javaOptions: QUICK_JAVA });
  project.provide("openSearchUrl", server.url);
  return () => server.stop();
}
