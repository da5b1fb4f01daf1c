import { type EpochMs, hasCode, PolytapeError, toRfc3339 } from "@polytape/market-model";
import { type ApiKeyRecord, apiKeyRecordSchema, type Plan, planEndMs } from "./key-record.ts";
import { hashKeyText, newKeyText, type RandomBytes } from "./key-text.ts";
import type { KeyStore } from "./record-bucket.ts";

export interface KeyOrder {
  readonly plan: Plan;
  readonly label?: string | undefined;
  readonly rateRps?: number | undefined;
  readonly dailyCap?: number | undefined;
}

const ID_ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz";
const ID_LENGTH = 12;

/** Makes a key that lives as long as its plan. The returned key is the only copy there is. */
export function issueKey(
  store: Pick<KeyStore, "put">,
  order: KeyOrder,
  { nowMs, randomBytes }: { nowMs: EpochMs; randomBytes: RandomBytes },
): Promise<{ key: string; record: ApiKeyRecord }> {
  return storeNewKey(store, order, { nowMs, endMs: planEndMs(order.plan, nowMs), randomBytes });
}

async function storeNewKey(
  store: Pick<KeyStore, "put">,
  order: KeyOrder,
  { nowMs, endMs, randomBytes }: { nowMs: EpochMs; endMs: EpochMs; randomBytes: RandomBytes },
): Promise<{ key: string; record: ApiKeyRecord }> {
  const key = newKeyText(randomBytes);
  const record = apiKeyRecordSchema.parse({
    id: `key_${[...randomBytes(ID_LENGTH)].map((byte) => ID_ALPHABET[byte % ID_ALPHABET.length]).join("")}`,
    hash: hashKeyText(key),
    plan: order.plan,
    created_at: toRfc3339(nowMs),
    expires_at: toRfc3339(endMs),
    label: order.label,
    rate_rps: order.rateRps,
    daily_cap: order.dailyCap,
  });
  await store.put(record.hash, record, 0);
  return { key, record };
}

/** All readable records, oldest first; `unreadable` counts the others. */
export async function listKeys(
  store: Pick<KeyStore, "get" | "keys">,
): Promise<{ records: ApiKeyRecord[]; unreadable: number }> {
  const records: ApiKeyRecord[] = [];
  let unreadable = 0;
  for (const hash of await store.keys()) {
    const read = apiKeyRecordSchema.safeParse((await store.get(hash))?.value);
    if (read.success) records.push(read.data);
    else unreadable += 1;
  }
  return { records: records.sort((a, b) => a.created_at.localeCompare(b.created_at)), unreadable };
}

/** The record of a key named by its id, its hash, or the key itself. Throws `key_not_found`. */
export async function findKey(store: Pick<KeyStore, "get" | "keys">, name: string): Promise<ApiKeyRecord> {
  const hash = name.startsWith("pt_") ? hashKeyText(name) : name;
  const { records } = await listKeys(store);
  const found = records.find((record) => record.id === name || record.hash === hash);
  if (found) return found;
  throw new PolytapeError("input", "key_not_found", "There is no such key: name it by its id (key_…).");
}

/** From now on the key is refused, everywhere within a second. A second time changes nothing. */
export function revokeKey(store: KeyStore, name: string, nowMs: EpochMs): Promise<ApiKeyRecord> {
  return changeKey(store, name, (record) => ({
    ...record,
    revoked_at: record.revoked_at ?? toRfc3339(nowMs),
  }));
}

/**
 * Adds one more stretch of the plan to what is left, or from now on when nothing is. Throws `key_revoked`,
 * and `key_replaced`: the old key of a rotation must end with its grace period.
 */
export function extendKey(store: KeyStore, name: string, plan: Plan, nowMs: EpochMs): Promise<ApiKeyRecord> {
  return changeKey(store, name, (record) => {
    refuseEnded(record);
    const startMs = Math.max(nowMs, Date.parse(record.expires_at));
    return { ...record, plan, expires_at: toRfc3339(planEndMs(plan, startMs)) };
  });
}

/**
 * A new key with the old one's limits and end; the old one works on for `graceMs`, so that its holder can
 * change over. The successor is written whole before the old one is touched: a crash between the two leaves
 * one key too many, which the list shows, and never a holder without any. When somebody else changes the old
 * one meanwhile, the successor is taken back, unseen, and all is decided anew. Throws `key_revoked`,
 * `key_replaced`, `key_expired`.
 */
export async function rotateKey(
  store: KeyStore,
  name: string,
  { nowMs, graceMs, randomBytes }: { nowMs: EpochMs; graceMs: number; randomBytes: RandomBytes },
): Promise<{ key: string; record: ApiKeyRecord; replaced: ApiKeyRecord }> {
  return untilAlone(store, name, async (old, revision) => {
    refuseEnded(old);
    const endMs = Date.parse(old.expires_at);
    if (endMs <= nowMs)
      throw new PolytapeError("input", "key_expired", `The key ${old.id} has expired; extend it first.`);
    const order = { plan: old.plan, label: old.label, rateRps: old.rate_rps, dailyCap: old.daily_cap };
    const { key, record } = await storeNewKey(store, order, { nowMs, endMs, randomBytes });
    const expires_at = toRfc3339(Math.min(endMs, nowMs + graceMs));
    const replaced = { ...old, expires_at, replaced_by: record.id };
    try {
      await store.put(old.hash, replaced, revision);
    } catch (error) {
      // Then the old key was not told. After other trouble it may have been, and its successor must be there.
      if (hasCode(error, "bus_conflict")) await store.delete(record.hash);
      throw error;
    }
    return { key, record, replaced };
  });
}

function changeKey(
  store: KeyStore,
  name: string,
  change: (record: ApiKeyRecord) => ApiKeyRecord,
): Promise<ApiKeyRecord> {
  return untilAlone(store, name, async (record, revision) => {
    const changed = change(record);
    await store.put(record.hash, changed, revision);
    return changed;
  });
}

/** Reads and does the work on what was read, again until nobody else wrote in between; five tries. */
async function untilAlone<T>(
  store: KeyStore,
  name: string,
  work: (record: ApiKeyRecord, revision: number) => Promise<T>,
): Promise<T> {
  const { hash } = await findKey(store, name);
  for (let tries = 1; ; tries += 1) {
    const current = await store.get(hash);
    try {
      return await work(apiKeyRecordSchema.parse(current?.value), current?.revision ?? 0);
    } catch (error) {
      if (!hasCode(error, "bus_conflict") || tries >= 5) throw error;
    }
  }
}

function refuseEnded({ id, revoked_at, replaced_by }: ApiKeyRecord): void {
  if (revoked_at !== undefined)
    throw new PolytapeError("input", "key_revoked", `The key ${id} is revoked; make a new one.`);
  if (replaced_by !== undefined)
    throw new PolytapeError(
      "input",
      "key_replaced",
      `The key ${id} was replaced by ${replaced_by}: name that.`,
    );
}
