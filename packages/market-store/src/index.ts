/**
 * The tape's memory: markets, trades, candles, books and the bookkeeping about them. The only place that
 * knows OpenSearch. Every write may be repeated; what a write returned for is on disk. Only its
 * parts `retention` and `backups` (what a backup replaces, older ones) delete; it never sets up indices: that is the apply command of `opensearch/`.
 */

export { COVERAGE_DAYS_MAX } from "./bookkeeping/coverage-days.ts";
export * from "./books/last-seen.ts";
export * from "./brief-memory.ts";
export * from "./candles/candle-id.ts";
export * from "./coverage-ledger.ts";
export * from "./market-store.ts";
export * from "./open-market-store.ts";
export { readAnswer } from "./opensearch/answers.ts";
export * from "./opensearch/connection.ts";
export * from "./opensearch/index-names.ts";
export {
  noteSchemaVersion,
  readSchemaVersion,
  SCHEMA_DOCUMENT_ID,
  SCHEMA_VERSION,
} from "./opensearch/schema-version.ts";
export { isWriteBlock } from "./retention/index-retention.ts";
export * from "./retention/store-retention.ts";
export { writtenIndex } from "./retention/written-by-alias.ts";
export type { Room, StoreRoom } from "./room/store-room.ts";
export type { NewestSnapshot } from "./upkeep/newest-snapshot.ts";
export type { BackedUpIndex, Snapshot, StoreBackups } from "./upkeep/store-backups.ts";
export type { NodeState, StoreState, StoreVersions, Watermark } from "./upkeep/store-state.ts";
