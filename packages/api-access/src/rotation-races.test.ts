import { randomBytes } from "node:crypto";
import { HOUR_MS } from "@polytape/market-model";
import fc from "fast-check";
import { expect, test } from "vitest";
import { extendKey, issueKey, listKeys, revokeKey, rotateKey } from "./administer-keys.ts";
import { inMemoryBucket } from "./in-memory.ts";
import type { ApiKeyRecord } from "./key-record.ts";
import type { KeyStore } from "./record-bucket.ts";

const NOW = Date.parse("2026-11-22T12:00:00Z");

type Work<T> = (store: KeyStore, keyId: string) => Promise<T>;
const rotate: Work<Awaited<ReturnType<typeof rotateKey>>> = (store, keyId) =>
  rotateKey(store, keyId, { nowMs: NOW, graceMs: HOUR_MS, randomBytes });

/** Does two things to one key at once, their calls falling into ever other orders; gives what is left of each time. */
async function inManyOrders<A, B>(
  one: Work<A>,
  other: Work<B>,
  judge: (
    done: readonly [PromiseSettledResult<A>, PromiseSettledResult<B>],
    keys: Awaited<ReturnType<typeof keysLeft>>,
  ) => void,
): Promise<void> {
  const atOnce = fc.asyncProperty(fc.scheduler(), async (scheduler) => {
    const store = inMemoryBucket();
    const { record } = await issueKey(store, { plan: "weekly" }, { nowMs: NOW, randomBytes });
    const slow: KeyStore = {
      ...store,
      get: scheduler.scheduleFunction(store.get),
      put: scheduler.scheduleFunction(store.put),
      delete: scheduler.scheduleFunction(store.delete),
      keys: scheduler.scheduleFunction(store.keys),
    };
    const done = await scheduler.waitFor(
      Promise.allSettled([one(slow, record.id), other(slow, record.id)] as const),
    );
    judge(done, await keysLeft(store, record.id));
  });
  await fc.assert(atOnce, { numRuns: 500 });
}

async function keysLeft(store: KeyStore, oldId: string) {
  const { records } = await listKeys(store);
  return {
    old: records.find(({ id }) => id === oldId),
    successors: records.filter(({ id }) => id !== oldId),
  };
}

const codeOf = (done: PromiseSettledResult<unknown>): unknown =>
  done.status === "rejected" ? Object(done.reason).code : "done";

test("of two rotations at once one makes a successor, and the other leaves nothing", async () => {
  await inManyOrders(rotate, rotate, (done, { old, successors }) => {
    expect(done.map(codeOf).sort()).toEqual(["done", "key_replaced"]);
    expect(successors.map(({ id }) => id)).toEqual([old?.replaced_by]);
  });
});

test("a revoked key gets no successor, and a revocation that came after it names it", async () => {
  const revoke: Work<ApiKeyRecord> = (store, keyId) => revokeKey(store, keyId, NOW);

  await inManyOrders(rotate, revoke, ([rotated, revoked], { successors }) => {
    const named = revoked.status === "fulfilled" ? revoked.value.replaced_by : "not revoked";
    expect(codeOf(rotated)).toBe(named === undefined ? "key_revoked" : "done");
    expect(successors.map(({ id }) => id)).toEqual(named === undefined ? [] : [named]);
  });
});

test("a rotation beside an extension loses no week that was added", async () => {
  const extend: Work<unknown> = (store, keyId) => extendKey(store, keyId, "weekly", NOW);

  await inManyOrders(rotate, extend, ([rotated, extended], { successors }) => {
    expect(codeOf(rotated)).toBe("done");
    const until = codeOf(extended) === "done" ? "2026-12-06" : "2026-11-29";
    expect(successors.map(({ expires_at }) => expires_at.slice(0, 10))).toEqual([until]);
  });
});
