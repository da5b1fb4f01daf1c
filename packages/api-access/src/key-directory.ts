import { timingSafeEqual } from "node:crypto";
import type { EpochMs } from "@polytape/market-model";
import { type ApiKeyRecord, apiKeyRecordSchema, keyStateAt } from "./key-record.ts";
import { hashKeyText, isKeyText } from "./key-text.ts";
import type { KeyStore } from "./record-bucket.ts";

export type KeyRefusal = "missing" | "malformed" | "unknown" | "revoked" | "expired";

/** `not_read_yet`: nothing can be said about any key before the bucket was read once. */
export type KeyCheck =
  | { readonly outcome: "accepted"; readonly record: ApiKeyRecord }
  | { readonly outcome: "refused"; readonly reason: KeyRefusal }
  | { readonly outcome: "not_read_yet" };

/**
 * All keys in memory, fed by a watch on the key store. When the store is away, what is known goes on:
 * known keys work, they expire by our own clock, and nothing unknown gets in.
 */
export interface KeyDirectory {
  /** Costs a pattern match for what is no key, and two hashes and a look-up for what may be one. */
  check(keyText: string | undefined, nowMs: EpochMs): KeyCheck;
  isReady(): boolean;
  /** Starts to follow the store; resolves when the watch stands. Returns a stop function. */
  follow(store: Pick<KeyStore, "watch">): Promise<() => void>;
}

export function createKeyDirectory(
  onInvalid: (hash: string, reason: string) => void = () => undefined,
): KeyDirectory {
  const records = new Map<string, ApiKeyRecord>();
  let ready = false;

  function learn(hash: string, value: unknown | null): void {
    const read = value === null ? null : apiKeyRecordSchema.safeParse(value);
    if (read?.success && read.data.hash === hash) {
      records.set(hash, read.data);
      return;
    }
    records.delete(hash);
    if (read !== null) onInvalid(hash, read.success ? "the record is of another key" : read.error.message);
  }

  return {
    check(keyText, nowMs) {
      if (!ready) return { outcome: "not_read_yet" };
      if (keyText === undefined || keyText === "") return { outcome: "refused", reason: "missing" };
      if (!isKeyText(keyText)) return { outcome: "refused", reason: "malformed" };
      const hash = hashKeyText(keyText);
      const record = records.get(hash);
      if (!record || !equalHashes(hash, record.hash)) return { outcome: "refused", reason: "unknown" };
      const state = keyStateAt(record, nowMs);
      return state === "active"
        ? { outcome: "accepted", record }
        : { outcome: "refused", reason: state === "revoked" ? "revoked" : "expired" };
    },
    isReady: () => ready,
    follow: (store) =>
      store.watch({
        entry: learn,
        ready: () => {
          ready = true;
        },
      }),
  };
}

/** The look-up is by hash, so its timing tells nothing about keys; the last comparison is constant-time too. */
function equalHashes(a: string, b: string): boolean {
  return timingSafeEqual(Buffer.from(a, "hex"), Buffer.from(b, "hex"));
}
