import { randomBytes } from "node:crypto";
import { DAY_MS, HOUR_MS } from "@polytape/market-model";
import { expect, test } from "vitest";
import { extendKey, findKey, issueKey, listKeys, revokeKey, rotateKey } from "./administer-keys.ts";
import { inMemoryBucket } from "./in-memory.ts";
import { hashKeyText } from "./key-text.ts";

const NOW = Date.parse("2026-11-22T12:00:00Z");
const at = (nowMs: number) => ({ nowMs, randomBytes });

test("stores the hash and never the key", async () => {
  const store = inMemoryBucket();
  const { key, record } = await issueKey(store, { plan: "monthly", label: "ada" }, at(NOW));

  const kept = await store.get(hashKeyText(key));
  expect(kept?.value).toEqual({
    id: record.id,
    hash: hashKeyText(key),
    plan: "monthly",
    created_at: "2026-11-22T12:00:00.000Z",
    expires_at: "2026-12-22T12:00:00.000Z",
    label: "ada",
  });
  expect(JSON.stringify(kept)).not.toContain(key.slice(3, 20));
});

test("finds a key by its id, its hash or its text, and names what to do when there is none", async () => {
  const store = inMemoryBucket();
  const { key, record } = await issueKey(store, { plan: "weekly" }, at(NOW));

  for (const name of [record.id, record.hash, key]) expect(await findKey(store, name)).toEqual(record);
  await expect(findKey(store, "key_none")).rejects.toMatchObject({ code: "key_not_found", kind: "input" });
});

test("lists oldest first and counts what cannot be read", async () => {
  const store = inMemoryBucket();
  const second = await issueKey(store, { plan: "weekly" }, at(NOW + 1));
  const first = await issueKey(store, { plan: "weekly" }, at(NOW));
  await store.put("f".repeat(64), { odd: true });

  const { records, unreadable } = await listKeys(store);

  expect(records.map(({ id }) => id)).toEqual([first.record.id, second.record.id]);
  expect(unreadable).toBe(1);
});

test("revoking twice keeps the first moment", async () => {
  const store = inMemoryBucket();
  const { record } = await issueKey(store, { plan: "weekly" }, at(NOW));

  await revokeKey(store, record.id, NOW + 1);
  const again = await revokeKey(store, record.id, NOW + HOUR_MS);

  expect(again.revoked_at).toBe("2026-11-22T12:00:00.001Z");
});

test("extending adds to what is left, and starts anew after the end", async () => {
  const store = inMemoryBucket();
  const { record } = await issueKey(store, { plan: "weekly" }, at(NOW));

  const early = await extendKey(store, record.id, "weekly", NOW + DAY_MS);
  const late = await extendKey(store, record.id, "weekly", NOW + 30 * DAY_MS);

  expect(Date.parse(early.expires_at)).toBe(NOW + 14 * DAY_MS);
  expect(Date.parse(late.expires_at)).toBe(NOW + 37 * DAY_MS);
});

test("a rotated key works on for the grace period and its successor takes over end and limits", async () => {
  const store = inMemoryBucket();
  const order = { plan: "weekly", rateRps: 3, dailyCap: 9 } as const;
  const old = await issueKey(store, order, at(NOW));

  const { record, replaced, key } = await rotateKey(store, old.record.id, {
    ...at(NOW + DAY_MS),
    graceMs: HOUR_MS,
  });

  expect(Date.parse(replaced.expires_at)).toBe(NOW + DAY_MS + HOUR_MS);
  expect(replaced.replaced_by).toBe(record.id);
  expect(record).toMatchObject({ expires_at: old.record.expires_at, rate_rps: 3, daily_cap: 9 });
  expect(record.hash).toBe(hashKeyText(key));
});

test("a revoked key is neither extended nor rotated", async () => {
  const store = inMemoryBucket();
  const { record } = await issueKey(store, { plan: "weekly" }, at(NOW));
  await revokeKey(store, record.id, NOW);

  await expect(extendKey(store, record.id, "weekly", NOW)).rejects.toMatchObject({ code: "key_revoked" });
  await expect(rotateKey(store, record.id, { ...at(NOW), graceMs: 0 })).rejects.toMatchObject({
    code: "key_revoked",
  });
});

test("the old key of a rotation is neither extended past its grace period nor rotated into a third", async () => {
  const store = inMemoryBucket();
  const { record } = await issueKey(store, { plan: "weekly" }, at(NOW));
  await rotateKey(store, record.id, { ...at(NOW), graceMs: HOUR_MS });

  const replaced = { code: "key_replaced", kind: "input" };
  await expect(extendKey(store, record.id, "weekly", NOW)).rejects.toMatchObject(replaced);
  await expect(rotateKey(store, record.id, { ...at(NOW), graceMs: 0 })).rejects.toMatchObject(replaced);
  expect((await listKeys(store)).records).toHaveLength(2);
});

test("an expired key is not rotated: its successor would be expired too", async () => {
  const store = inMemoryBucket();
  const { record } = await issueKey(store, { plan: "weekly" }, at(NOW));

  const late = { ...at(NOW + 7 * DAY_MS), graceMs: 0 };
  await expect(rotateKey(store, record.id, late)).rejects.toMatchObject({ code: "key_expired" });
  expect((await listKeys(store)).records).toHaveLength(1);
});

test("a rotation that is cut off leaves the old key as it was and a successor that is whole", async () => {
  const store = inMemoryBucket();
  const { record: old } = await issueKey(store, { plan: "weekly", dailyCap: 9 }, at(NOW));
  const cutOff: typeof store = {
    ...store,
    async put(hash, value, expected) {
      const revision = await store.put(hash, value, expected);
      store.setAway(true);
      return revision;
    },
  };

  const grace = { ...at(NOW + DAY_MS), graceMs: HOUR_MS };
  await expect(rotateKey(cutOff, old.id, grace)).rejects.toMatchObject({ code: "bus_unavailable" });
  store.setAway(false);

  const { records } = await listKeys(store);
  expect(records[0]).toEqual(old);
  expect(records[1]).toMatchObject({ expires_at: old.expires_at, daily_cap: 9 });
});
