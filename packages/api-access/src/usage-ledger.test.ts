import { DAY_MS } from "@polytape/market-model";
import { expect, test } from "vitest";
import { inMemoryBucket } from "./in-memory.ts";
import { createUsageLedger, secondsToMidnight, USAGE_DAYS_MAX } from "./usage-ledger.ts";

const NOW = Date.parse("2026-11-22T12:00:00Z");

test("counts are found again by the next process", async () => {
  const bucket = inMemoryBucket();
  const before = createUsageLedger();
  for (let n = 0; n < 5; n += 1) before.count("key_a", NOW);
  await before.flush(bucket);

  const after = createUsageLedger();
  await after.load(bucket);

  expect(after.usedOn("key_a", NOW)).toBe(5);
  expect(after.usedOn("key_a", NOW + DAY_MS)).toBe(0);
});

test("two processes that count the same key add up", async () => {
  const bucket = inMemoryBucket();
  const [one, other] = [createUsageLedger(), createUsageLedger()];
  one.count("key_a", NOW);
  other.count("key_a", NOW);
  other.count("key_a", NOW);

  await Promise.all([one.flush(bucket), other.flush(bucket)]);

  const after = createUsageLedger();
  await after.load(bucket);
  expect(after.usedOn("key_a", NOW)).toBe(3);
});

test("what is counted while the store is away is kept and written when it is back", async () => {
  const bucket = inMemoryBucket();
  const ledger = createUsageLedger();
  ledger.count("key_a", NOW);
  bucket.setAway(true);

  await expect(ledger.flush(bucket)).rejects.toMatchObject({ code: "bus_unavailable" });
  ledger.count("key_a", NOW);
  bucket.setAway(false);
  await ledger.flush(bucket);

  expect(ledger.usedOn("key_a", NOW)).toBe(2);
  expect((await bucket.get("key_a"))?.value).toEqual({ days: { "2026-11-22": 2 } });
});

test("a request counted during a flush is neither lost nor counted twice", async () => {
  const bucket = inMemoryBucket();
  const ledger = createUsageLedger();
  ledger.count("key_a", NOW);

  const flushing = ledger.flush(bucket);
  ledger.count("key_a", NOW);
  await flushing;
  expect(ledger.usedOn("key_a", NOW)).toBe(2);
  await ledger.flush(bucket);

  expect((await bucket.get("key_a"))?.value).toEqual({ days: { "2026-11-22": 2 } });
});

test("two flushes at once write each request once", async () => {
  const bucket = inMemoryBucket();
  const ledger = createUsageLedger();
  ledger.count("key_a", NOW);

  await Promise.all([ledger.flush(bucket), ledger.flush(bucket)]);

  expect((await bucket.get("key_a"))?.value).toEqual({ days: { "2026-11-22": 1 } });
});

test("what one key's write meets keeps no other key's counts back, and nothing is written twice", async () => {
  const bucket = inMemoryBucket();
  const ledger = createUsageLedger();
  const ids = Array.from({ length: 100 }, (_, n) => `key_${n}`);
  for (const id of ids) ledger.count(id, NOW);
  let broken = true;
  const store: typeof bucket = {
    ...bucket,
    put: (id, value, expected) => {
      if (id === "key_7" && broken) return Promise.reject(new Error("no room"));
      return bucket.put(id, value, expected);
    },
  };

  await expect(ledger.flush(store)).rejects.toThrow("no room");
  broken = false;
  await ledger.flush(store);

  for (const id of ids) expect((await bucket.get(id))?.value).toEqual({ days: { "2026-11-22": 1 } });
});

test("a flush with nothing new writes nothing", async () => {
  const bucket = inMemoryBucket();
  const ledger = createUsageLedger();
  ledger.count("key_a", NOW);
  await ledger.flush(bucket);
  const revision = (await bucket.get("key_a"))?.revision;

  await ledger.flush(bucket);

  expect((await bucket.get("key_a"))?.revision).toBe(revision);
});

test("keeps the newest days only, newest first", async () => {
  const bucket = inMemoryBucket();
  const ledger = createUsageLedger();
  for (let day = 0; day < USAGE_DAYS_MAX + 5; day += 1) ledger.count("key_a", NOW + day * DAY_MS);

  await ledger.flush(bucket);

  const days = ledger.byDay("key_a");
  expect(days).toHaveLength(USAGE_DAYS_MAX);
  expect(days[0]).toEqual({ day: "2026-12-27", requests: 1 });
});

test("midnight is at least one second and at most a day away", () => {
  expect(secondsToMidnight(Date.parse("2026-11-22T23:59:59.999Z"))).toBe(1);
  expect(secondsToMidnight(Date.parse("2026-11-22T00:00:00.000Z"))).toBe(86_400);
});
