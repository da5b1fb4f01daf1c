/**
 * API keys, plans, rate limits and usage. Pure: the clock, randomness and the key store are handed in,
 * and what is needed of a store is stated as an interface (`record-bucket.ts`).
 */
export * from "./access-gate.ts";
export * from "./administer-keys.ts";
export * from "./fair-turns.ts";
export * from "./key-directory.ts";
export * from "./key-record.ts";
export * from "./key-text.ts";
export * from "./record-bucket.ts";
export * from "./token-buckets.ts";
export * from "./usage-ledger.ts";
