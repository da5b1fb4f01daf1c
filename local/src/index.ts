/**
 * The local profile for tests and benchmarks: real servers, and the whole stack, each in a folder of its own.
 * Nothing here touches a copy that it did not start.
 */

export {
  feedFunction,
  listRecordings,
  type RecordingsListing,
  writeFeedStack,
} from "./demo/recorded-feeds.ts";
export { findFreePorts } from "./ports.ts";
export { findRepository } from "./repository.ts";
export {
  type NatsOptions,
  type OpenSearchOptions,
  QUICK_JAVA,
  type RunningServer,
  startNats,
  startOpenSearch,
} from "./servers/start-single.ts";
export type { StackUrls } from "./stack-plan.ts";
export { type RunningStack, type StackOptions, startStack } from "./start-stack.ts";
export type { ChildName, ChildRecord } from "./supervisor/records.ts";
