import { expect, test } from "vitest";
import { aBackfill, aDay, complete, DAY_SECONDS, multiset, NOW_SECONDS } from "./a-backfill.ts";
import { backfillTrades } from "./backfill-trades.ts";

/** A backfill while the store is short: what room there is belongs to the trades of now. */
const small = { budget: { pagesMax: 3, batchPages: 2 } };
const SHORT = { shortOf: "disk", reason: "disk past the high watermark (90%)" } as const;
const BUSY = { shortOf: "capacity", reason: "writes that wait: 80" } as const;
const ROOM = { shortOf: null, reason: null };

test.each([
  [SHORT, "waiting_for_disk"],
  [BUSY, "waiting_for_capacity"],
])("a job reads nothing with %o, and says what it waits for", async (room, outcome) => {
  const tape = aBackfill(aDay(), small);
  await tape.run();
  const reads = tape.feed.calls.length;
  tape.store.showRoom(room);

  const report = await tape.run();

  expect(report).toMatchObject({ outcome, backfill: "first", pages: 0, reason: room.reason });
  expect(tape.feed.calls).toHaveLength(reads);
  expect((await tape.store.checkpoints.read("backfill:first"))?.state).toMatchObject({
    state: "running",
    waitsFor: room.reason,
  });
});

test("no job is sent while it is short, and the first tick with room sends one; nothing is lost", async () => {
  const tape = aBackfill(aDay(), small);
  await tape.run();
  tape.store.showRoom(SHORT);
  await tape.run();

  const ticks = [];
  for (let minute = 0; minute < 5; minute += 1) {
    tape.clock.nowMs += 60_000;
    ticks.push(await backfillTrades(tape.parts, {}));
  }
  expect(ticks).toEqual(
    Array(5).fill({ outcome: "waiting_for_disk", backfills: ["first"], reason: SHORT.reason }),
  );
  expect(tape.jobs()).toEqual([]);
  tape.store.showRoom(ROOM);
  const resumed = await backfillTrades(tape.parts, {});
  await tape.runToEnd();

  expect(resumed).toEqual({ outcome: "jobs_sent", backfills: ["first"] });
  expect(multiset(await tape.stored())).toEqual(
    multiset(aDay().filter(({ tsSeconds }) => tsSeconds > NOW_SECONDS - DAY_SECONDS)),
  );
  expect(complete(await tape.intervals())).toHaveLength(1);
  expect((await tape.store.checkpoints.read("backfill:first"))?.state).toMatchObject({ waitsFor: null });
});

test("one asked for by hand is begun, and waits", async () => {
  const tape = aBackfill(aDay(), { ...small, bounds: { backfillDays: 0, retentionDays: 90 } });
  const from = new Date((NOW_SECONDS - DAY_SECONDS / 2) * 1_000).toISOString();
  tape.store.showRoom(SHORT);

  const asked = await tape.run({ from });
  tape.store.showRoom(ROOM);
  tape.clock.nowMs += 60_000;
  await tape.runToEnd();

  expect(asked).toMatchObject({ outcome: "waiting_for_disk", pages: 0 });
  expect((await tape.stored()).length).toBeGreaterThan(0);
});

// Past the last watermark not even the checkpoint can say so: then the job's own message waits.
test("while the store takes nothing at all its job is not acknowledged", async () => {
  const tape = aBackfill(aDay(), small);
  await tape.run();
  const reads = tape.feed.calls.length;
  tape.store.refuseWrites("store_full");

  await expect(tape.run()).rejects.toMatchObject({ kind: "operating", code: "store_full" });
  expect(tape.feed.calls).toHaveLength(reads);
  tape.store.refuseWrites(null);
  await tape.runToEnd();

  expect(complete(await tape.intervals())).toHaveLength(1);
});

test("what was read before is stated all the same: a walk that is over asks for no room", async () => {
  const tape = aBackfill(aDay(), { budget: { pagesMax: 20, batchPages: 20 } });
  const timeIsUp = new AbortController();
  const publishTradesStored: typeof tape.bus.publishTradesStored = async (...news) => {
    timeIsUp.abort();
    return tape.bus.publishTradesStored(...news);
  };
  await tape.run({}, { signal: timeIsUp.signal, bus: { publish: tape.bus.publish, publishTradesStored } });
  expect(await tape.intervals()).toEqual([]);
  tape.store.showRoom(SHORT);

  expect(await tape.run()).toMatchObject({ outcome: "done" });
  expect(complete(await tape.intervals())).toHaveLength(1);
});
