import { apiKeyRecordSchema } from "@polytape/api-access";
import type { BucketName, EventBus } from "@polytape/event-bus";
import type { BackupFile } from "./backup-file.ts";

/** Everything that is not in the store: keys and what they used. */
const BUCKETS: readonly BucketName[] = ["api_keys", "api_usage"];

type Entries = Readonly<Record<string, unknown>>;

export async function readBuckets(bus: EventBus): Promise<BackupFile["buckets"]> {
  const contents: Record<string, Record<string, unknown>> = {};
  for (const name of BUCKETS) contents[name] = await readBucket(bus, name);
  return contents;
}

export async function hasKeys(bus: EventBus): Promise<boolean> {
  return (await (await bus.bucket("api_keys")).keys()).length > 0;
}

/**
 * Brings back what is missing. What is there stays: a key that was revoked, shortened or made since, and counts that
 * went on. A restored backup must not let anybody in again.
 */
export async function writeBuckets(bus: EventBus, contents: BackupFile["buckets"]): Promise<number> {
  let written = 0;
  for (const name of BUCKETS) {
    const bucket = await bus.bucket(name);
    const present = await readBucket(bus, name);
    for (const [key, value] of toBeWritten(name, contents[name] ?? {}, present)) {
      await bucket.put(key, value);
      written += 1;
    }
  }
  return written;
}

/** The decision alone. */
export function toBeWritten(
  name: BucketName,
  saved: Entries,
  present: Entries,
): [key: string, value: unknown][] {
  return Object.entries(saved).filter(([key]) => {
    if (!(key in present)) return true;
    // A record that cannot be read lets nobody in as it is.
    return name === "api_keys" && !apiKeyRecordSchema.safeParse(present[key]).success;
  });
}

async function readBucket(bus: EventBus, name: BucketName): Promise<Record<string, unknown>> {
  const bucket = await bus.bucket(name);
  const entries: Record<string, unknown> = {};
  for (const key of (await bucket.keys()).sort()) {
    const entry = await bucket.get(key);
    if (entry) entries[key] = entry.value;
  }
  return entries;
}
