import { applyTopology, connectEventBus, type Topology } from "@polytape/event-bus";
import { type RunningServer, startNats } from "@polytape/local";
import { topology } from "@polytape/nats";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

let nats: RunningServer;
const everyHour = { marketsMs: 3_600_000, tradesMs: 3_600_000, booksMs: 3_600_000 };

beforeEach(async () => {
  nats = await startNats();
});

afterEach(() => nats.stop());

const apply = (plan: Topology, dryRun = false) =>
  applyTopology({ url: nats.url, clientName: "test" }, plan, dryRun);

/** Counts the ticks on a subject until there are so many. */
async function awaitTicks(subject: string, count: number): Promise<string[]> {
  const bus = await connectEventBus({ url: nats.url, clientName: "test" });
  const bodies: string[] = [];
  await bus.consume(
    { name: "reader", subject, concurrencyMax: 1, batchMax: 1, acknowledgeWithinMs: 5_000 },
    async ([message]) => {
      bodies.push(Buffer.from(message?.data ?? []).toString("utf8"));
      await message?.acknowledge();
    },
  );
  await vi.waitUntil(() => bodies.length >= count, { timeout: 15_000 }).finally(() => bus.close());
  return bodies;
}

test("creates everything once; a second run changes nothing", async () => {
  const first = await apply(topology(everyHour, 1));
  const second = await apply(topology(everyHour, 1));

  expect(first.map(({ what, name }) => `${what} ${name}`)).toEqual([
    "stream TRIGGERS",
    "stream JOBS",
    "stream TRADES_STORED",
    "stream BOOK_CHANGES",
    "stream DEAD_LETTERS",
    "bucket api_keys",
    "bucket api_usage",
    "schedule tick.ingest-markets",
    "schedule tick.ingest-trades",
    "schedule tick.snapshot-book",
    "schedule tick.backfill-trades",
    "schedule tick.self-check",
    "schedule tick.enforce-retention",
  ]);
  expect(new Set(first.map(({ change }) => change))).toEqual(new Set(["created"]));
  expect(new Set(second.map(({ change }) => change))).toEqual(new Set(["unchanged"]));
});

test("a dry run says what the next run does, and does nothing", async () => {
  const plan = topology(everyHour, 1);
  const other: Topology = {
    ...plan,
    streams: plan.streams.map((stream) => (stream.name === "JOBS" ? { ...stream, bytesMax: 9_000 } : stream)),
    buckets: [...plan.buckets, "more"],
    schedules: topology({ ...everyHour, booksMs: 1_000 }, 1).schedules.slice(1),
  };

  const said = [await apply(plan, true)];
  const done = [await apply(plan)];
  said.push(await apply(other, true));
  done.push(await apply(other));

  expect(said).toEqual(done);
  expect(done[1]?.filter(({ change }) => change !== "unchanged").map(({ change }) => change)).toEqual([
    "updated",
    "created",
    "updated",
    "removed",
  ]);
});

test("a schedule fires into its tick again and again", async () => {
  await apply(topology({ ...everyHour, tradesMs: 1_000 }, 1));

  expect(await awaitTicks("tick.ingest-trades", 3)).toEqual(["{}", "{}", "{}"]);
});

test("a changed interval replaces the old one", async () => {
  await apply(topology(everyHour, 1));

  const changes = await apply(topology({ ...everyHour, booksMs: 1_000 }, 1));

  expect(changes.filter(({ change }) => change !== "unchanged")).toEqual([
    { what: "schedule", name: "tick.snapshot-book", change: "updated" },
  ]);
  await awaitTicks("tick.snapshot-book", 2);
});

test("a schedule that is no longer planned is removed and fires no more", async () => {
  const plan = topology({ marketsMs: 1_000, tradesMs: 1_000, booksMs: 1_000 }, 1);
  await apply(plan);
  await awaitTicks("tick.ingest-trades", 1);
  const shorter = {
    ...plan,
    schedules: plan.schedules.filter(({ target }) => target === "tick.ingest-trades"),
  };

  const changes = await apply(shorter);

  expect(changes.filter(({ change }) => change === "removed").map(({ name }) => name)).toEqual([
    "tick.backfill-trades",
    "tick.enforce-retention",
    "tick.ingest-markets",
    "tick.self-check",
    "tick.snapshot-book",
  ]);
  const bus = await connectEventBus({ url: nats.url, clientName: "test" });
  const seen: string[] = [];
  await bus.consume(
    { name: "all-ticks", subject: "tick.>", concurrencyMax: 1, batchMax: 1, acknowledgeWithinMs: 5_000 },
    async ([message]) => {
      seen.push(message?.subject ?? "");
      await message?.acknowledge();
    },
  );
  await vi.waitUntil(() => seen.filter((subject) => subject === "tick.ingest-trades").length >= 4, {
    timeout: 15_000,
  });
  await bus.close();
  // At most the one tick that was waiting when the schedule was removed.
  expect(seen.filter((subject) => subject === "tick.ingest-markets").length).toBeLessThanOrEqual(1);
});

test("schedules survive a killed server and fire again", async () => {
  const plan = topology({ ...everyHour, tradesMs: 1_000 }, 1);
  await apply(plan);

  await nats.kill();
  nats = await startNats({ home: nats.home, port: nats.port });

  const changes = await apply(plan);
  expect(new Set(changes.map(({ change }) => change))).toEqual(new Set(["unchanged"]));
  await awaitTicks("tick.ingest-trades", 2);
});

test("updates a stream whose bound changed, and leaves the others alone", async () => {
  const plan = topology(everyHour, 1);
  await apply(plan);

  const changes = await apply({
    ...plan,
    streams: plan.streams.map((stream) =>
      stream.name === "JOBS" ? { ...stream, bytesMax: 1_000_000 } : stream,
    ),
  });

  expect(changes.filter(({ change }) => change !== "unchanged")).toEqual([
    { what: "stream", name: "JOBS", change: "updated" },
  ]);
});

test("refuses an interval below a second before it changes anything", async () => {
  const plan = topology({ ...everyHour, tradesMs: 500 }, 1);

  await expect(apply(plan)).rejects.toMatchObject({ code: "schedule_invalid", kind: "input" });

  const changes = await apply(topology(everyHour, 1));
  expect(new Set(changes.map(({ change }) => change))).toEqual(new Set(["created"]));
});

test("names the stream whose retention cannot be changed", async () => {
  const plan = topology(everyHour, 1);
  await apply(plan);

  const changed = plan.streams.map((stream) =>
    stream.name === "JOBS" ? { ...stream, retention: "limits" as const } : stream,
  );

  await expect(apply({ ...plan, streams: changed })).rejects.toThrow(/JOBS/);
});
