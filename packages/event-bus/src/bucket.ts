import type { JetStreamClient } from "@nats-io/jetstream";
import { type KV, type KvEntry, Kvm } from "@nats-io/kv";
import type { NatsConnection } from "@nats-io/transport-node";
import { toBusError } from "./bus-errors.ts";
import type { KeyValueBucket } from "./event-bus.ts";
import { watchBucket } from "./watch-bucket.ts";

/** Opens a bucket, made if missing: the last value of a key is kept, no history. */
export function openBucket(client: JetStreamClient, name: string, replicas?: number): Promise<KV> {
  return new Kvm(client).create(name, { history: 1, ...(replicas !== undefined && { replicas }) });
}

/** The bucket as the rest of the repository knows it; values are JSON. */
export function toKeyValueBucket(connection: NatsConnection, name: string, kv: KV): KeyValueBucket {
  const attempt = async <Result>(doing: string, work: () => Promise<Result>): Promise<Result> => {
    try {
      return await work();
    } catch (error) {
      throw toBusError(error, `${doing} in ${name}`);
    }
  };
  return {
    get: (key) =>
      attempt(`reading ${key}`, async () => {
        const entry = await kv.get(key);
        return entry === null || isDeletion(entry)
          ? null
          : { value: entryValue(entry), revision: entry.revision };
      }),
    put: (key, value, expected) =>
      attempt(`writing ${key}`, () => {
        const text = JSON.stringify(value);
        if (expected === undefined) return kv.put(key, text);
        return expected === 0 ? kv.create(key, text) : kv.update(key, text, expected);
      }),
    delete: (key) => attempt(`deleting ${key}`, () => kv.delete(key)),
    keys: () =>
      attempt("listing keys", async () => {
        const keys: string[] = [];
        for await (const key of await kv.keys()) keys.push(key);
        return keys;
      }),
    watch: (on) => attempt("watching", () => watchBucket(connection, kv, on)),
  };
}

export function isDeletion(entry: KvEntry): boolean {
  return entry.operation !== "PUT";
}

/** The value read as JSON; text that is none comes as it is, for the reader's schema to refuse. */
export function entryValue(entry: KvEntry): unknown {
  const text = entry.string();
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
