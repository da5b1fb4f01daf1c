import { randomBytes } from "node:crypto";
import { DAY_MS, HOUR_MS, SECOND_MS } from "@polytape/market-model";
import { expect, test } from "vitest";
import { type AccessGate, createAccessGate } from "./access-gate.ts";
import { issueKey, type KeyOrder, revokeKey, rotateKey } from "./administer-keys.ts";
import { type InMemoryBucket, inMemoryBucket } from "./in-memory.ts";
import { newKeyText } from "./key-text.ts";

const NOW = Date.parse("2026-11-22T12:00:00Z");

async function openGate(keys = inMemoryBucket(), usage = inMemoryBucket(), dailyCap = 100) {
  const gate = createAccessGate({ rateRps: 10, dailyCap });
  await gate.keys.follow(keys);
  await gate.usage.load(usage);
  return { gate, keys, usage };
}

const make = (keys: InMemoryBucket, order: KeyOrder = { plan: "weekly" }) =>
  issueKey(keys, order, { nowMs: NOW, randomBytes });

function admitMany(gate: AccessGate, key: string, times: number, nowMs = NOW) {
  return Array.from({ length: times }, () => {
    const check = gate.identify(key, nowMs);
    if (check.outcome !== "accepted") throw new Error(`expected an accepted key, got ${check.outcome}`);
    return gate.admit(check.record, nowMs);
  });
}

test("says nothing about any key before keys and usage were read once", async () => {
  const keys = inMemoryBucket();
  const { key } = await make(keys);
  const gate = createAccessGate({ rateRps: 10, dailyCap: 100 });

  expect(gate.identify(key, NOW)).toEqual({ outcome: "not_read_yet" });
  await gate.keys.follow(keys);
  expect(gate.identify(key, NOW)).toEqual({ outcome: "not_read_yet" });
  await gate.usage.load(inMemoryBucket());
  expect(gate.identify(key, NOW)).toMatchObject({ outcome: "accepted" });
});

test("accepts a key made while it runs, and refuses it as soon as it is revoked", async () => {
  const { gate, keys } = await openGate();
  const { key, record } = await make(keys);

  expect(gate.identify(key, NOW)).toMatchObject({ outcome: "accepted", record: { id: record.id } });
  await revokeKey(keys, record.id, NOW + 1);
  expect(gate.identify(key, NOW + 2)).toEqual({ outcome: "refused", reason: "revoked" });
});

test.each([
  ["no key", undefined, "missing"],
  ["an empty key", "", "missing"],
  ["a typo", `pt_${"a".repeat(36)}`, "malformed"],
  ["a key of another service", "sk_live_1234", "malformed"],
  ["a well-formed key that nobody issued", newKeyText(randomBytes), "unknown"],
])("refuses %s", async (_what, key, reason) => {
  const { gate } = await openGate();

  expect(gate.identify(key, NOW)).toEqual({ outcome: "refused", reason });
});

test.each([
  ["weekly", 7],
  ["monthly", 30],
] as const)("a %s key works for %i days to the millisecond", async (plan, days) => {
  const { gate, keys } = await openGate();
  const { key } = await make(keys, { plan });

  expect(gate.identify(key, NOW + days * DAY_MS - 1)).toMatchObject({ outcome: "accepted" });
  expect(gate.identify(key, NOW + days * DAY_MS)).toEqual({ outcome: "refused", reason: "expired" });
});

test("a rotated key works until its grace period is over, to the millisecond, and its successor on", async () => {
  const { gate, keys } = await openGate();
  const old = await make(keys);

  const successor = await rotateKey(keys, old.record.id, { nowMs: NOW, graceMs: HOUR_MS, randomBytes });

  for (const key of [old.key, successor.key])
    expect(gate.identify(key, NOW + HOUR_MS - 1)).toMatchObject({ outcome: "accepted" });
  expect(gate.identify(old.key, NOW + HOUR_MS)).toEqual({ outcome: "refused", reason: "expired" });
  expect(gate.identify(successor.key, NOW + 7 * DAY_MS - 1)).toMatchObject({ outcome: "accepted" });
});

test("while the store is away known keys go on and expire, and nothing unknown gets in", async () => {
  const { gate, keys } = await openGate();
  const { key } = await make(keys);
  keys.setAway(true);

  expect(gate.identify(key, NOW)).toMatchObject({ outcome: "accepted" });
  expect(gate.identify(key, NOW + 7 * DAY_MS)).toEqual({ outcome: "refused", reason: "expired" });
  expect(gate.identify(newKeyText(randomBytes), NOW)).toEqual({ outcome: "refused", reason: "unknown" });
});

test("a record that cannot be read, or lies under another key's hash, lets nobody in and is reported", async () => {
  const invalid: string[] = [];
  const keys = inMemoryBucket();
  const { key, record } = await make(keys);
  const gate = createAccessGate({ rateRps: 10, dailyCap: 100 }, (hash) => invalid.push(hash));
  await gate.keys.follow(keys);
  await gate.usage.load(inMemoryBucket());

  await keys.put(record.hash, { ...record, expires_at: "never" });
  expect(gate.identify(key, NOW)).toEqual({ outcome: "refused", reason: "unknown" });
  await keys.put(record.hash, { ...record, hash: "0".repeat(64) });
  expect(gate.identify(key, NOW)).toEqual({ outcome: "refused", reason: "unknown" });
  expect(invalid).toEqual([record.hash, record.hash]);
});

test("lets one second's worth of requests through at once, then one per tenth of a second", async () => {
  const { gate, keys } = await openGate();
  const { key } = await make(keys);

  const burst = admitMany(gate, key, 12);
  expect(burst.map(({ refusal }) => refusal)).toEqual([
    ...Array(10).fill(null),
    "rate_limited",
    "rate_limited",
  ]);
  expect(burst[0]?.state).toEqual({ limit: 10, remaining: 9, resetSeconds: 1 });
  expect(burst[11]).toMatchObject({ state: { limit: 10, remaining: 0 }, retryAfterSeconds: 1 });
  expect(admitMany(gate, key, 2, NOW + 100).map(({ refusal }) => refusal)).toEqual([null, "rate_limited"]);
});

test("one key at its limit leaves another key's room alone", async () => {
  const { gate, keys } = await openGate();
  const [one, other] = [await make(keys), await make(keys)];
  admitMany(gate, one.key, 20);

  expect(admitMany(gate, other.key, 1)[0]?.refusal).toBeNull();
});

test("a key's own rate and cap go before the deployment's", async () => {
  const { gate, keys } = await openGate();
  const { key } = await make(keys, { plan: "weekly", rateRps: 2, dailyCap: 3 });

  expect(admitMany(gate, key, 3).map(({ refusal }) => refusal)).toEqual([null, null, "rate_limited"]);
  expect(admitMany(gate, key, 2, NOW + SECOND_MS).map(({ refusal }) => refusal)).toEqual([
    null,
    "daily_cap_reached",
  ]);
});

// Both are used up at once: whoever waits for the nearer reset is refused again.
test("of a bucket and a cap with the same left, the cap is the tighter one", async () => {
  const { gate, keys } = await openGate(inMemoryBucket(), inMemoryBucket(), 10);
  const { key } = await make(keys);

  const last = admitMany(gate, key, 10).at(-1);

  expect(last?.state).toEqual({ limit: 10, remaining: 0, resetSeconds: 12 * 3_600 });
  expect(admitMany(gate, key, 1, NOW + SECOND_MS)[0]?.retryAfterSeconds).toBe(12 * 3_600 - 1);
});

test("the daily cap ends at UTC midnight and says when", async () => {
  const { gate, keys } = await openGate(inMemoryBucket(), inMemoryBucket(), 2);
  const { key } = await make(keys);
  const lateMs = Date.parse("2026-11-22T23:59:30Z");

  const admissions = admitMany(gate, key, 3, lateMs);
  expect(admissions[1]?.state).toEqual({ limit: 2, remaining: 0, resetSeconds: 30 });
  expect(admissions[2]).toMatchObject({ refusal: "daily_cap_reached", retryAfterSeconds: 30 });
  expect(admitMany(gate, key, 1, lateMs + 30_000)[0]?.refusal).toBeNull();
});
