import { applyTopology } from "@polytape/event-bus";
import { startNats } from "@polytape/local";
import { topology } from "@polytape/nats";
import { afterEach, beforeEach, expect, test } from "vitest";
import { aTriggerWorld, RARELY, type TriggerWorld, until } from "./a-trigger-world.ts";
import type { StandInGateway } from "./function-trigger-stand-in.ts";

let world: TriggerWorld;
let gateway: StandInGateway;

beforeEach(async () => {
  world = await aTriggerWorld({ tradesMs: 1_000 });
  ({ gateway } = world);
  gateway.deployed.set("ingest-trades", { topic: "tick.ingest-trades", concurrency: "1" });
});

afterEach(() => world.stop());

test("a schedule becomes calls of the function that listens to its tick", async () => {
  await world.start();

  await until(() => gateway.calls.length >= 3);

  const [call] = gateway.calls;
  expect(call).toMatchObject({ name: "ingest-trades", body: "{}" });
  expect(call?.headers).toMatchObject({
    "content-type": "application/json",
    "x-topic": "tick.ingest-trades",
    "x-nats-subject": "tick.ingest-trades",
    "x-nats-deliveries": "1",
  });
  expect(Number(call?.headers["x-nats-sequence"])).toBeGreaterThan(0);
});

// A tick that is replaced frees its place in the server's limit, so the limit alone lets calls overlap.
test("never calls a slow function twice at once while ticks keep coming, and leaves no queue of them", async () => {
  let release: (status: number) => void = () => {};
  gateway.answer = (call) =>
    call === gateway.calls[0] ? new Promise((resolve) => (release = resolve)) : 200;
  const trigger = await world.start();
  await until(() => gateway.calls.length === 1);
  const watcher = trigger.bus;
  let ticks = 0;
  const seen = await watcher.consume(
    {
      name: "witness",
      subject: "tick.ingest-trades",
      concurrencyMax: 1,
      batchMax: 1,
      acknowledgeWithinMs: 5_000,
    },
    async (messages) => {
      ticks += messages.length;
      for (const message of messages) await message.acknowledge();
    },
  );
  await until(() => ticks >= 4);
  await seen.drain();

  const callsBefore = gateway.calls.length;
  release(200);
  await until(() => gateway.calls.length >= 3);

  expect(callsBefore).toBe(1);
  expect(gateway.atOnceMax()).toBe(1);
  const [, second, third] = gateway.calls;
  // The newest tick waits, not all of them: after it the next call comes with the next beat of the clock.
  expect((third?.atMs ?? 0) - (second?.atMs ?? 0)).toBeGreaterThan(300);
});

test("does not retry a failed tick, writes no dead letter, and slows the function down until it succeeds", async () => {
  let status = 500;
  gateway.answer = () => status;
  const trigger = await world.start({ TRIGGER_DELAY_MAX_MS: "4000" });
  await until(() => gateway.calls.length >= 4, 30_000);
  const failing = gateway.calls.map((call) => call.atMs);

  status = 200;
  await until(() => gateway.calls.length >= 7, 30_000);

  const gaps = failing.slice(1).map((atMs, index) => atMs - (failing[index] ?? 0));
  expect(gaps[2]).toBeGreaterThan(3_500);
  const healthy = gateway.calls.slice(5).map((call) => call.atMs);
  expect((healthy[1] ?? 0) - (healthy[0] ?? 0)).toBeLessThan(2_500);
  const sequences = gateway.calls.map((call) => call.headers["x-nats-sequence"]);
  expect(new Set(sequences).size).toBe(sequences.length);
  expect(await trigger.bus.listDeadLetters({ limit: 10 })).toEqual([]);
});

test("calls again after the server was killed, when its schedules fire again", async () => {
  await world.start();
  await until(() => gateway.calls.length >= 1);

  await world.nats.kill();
  const { home, port } = world.nats;
  world.nats = await startNats({ home, port });
  const callsBefore = gateway.calls.length;

  await until(() => gateway.calls.length >= callsBefore + 2, 20_000);
});

test("goes on when NATS came back without its data and the streams were applied anew", async () => {
  await world.start();
  await until(() => gateway.calls.length >= 1);

  await world.nats.stop();
  world.nats = await startNats({ port: world.nats.port });
  await applyTopology(
    { url: world.nats.url, clientName: "test" },
    topology({ ...RARELY, tradesMs: 1_000 }, 1),
  );
  const callsBefore = gateway.calls.length;

  await until(() => gateway.calls.length >= callsBefore + 2, 30_000);
});

test("starts, replaces and stops triggers as functions are deployed, changed and removed", async () => {
  const trigger = await world.start();
  await until(() => gateway.calls.length >= 1);

  gateway.deployed.set("snapshot-book", { topic: "tick.ingest-trades" });
  await until(() => gateway.calls.some((call) => call.name === "snapshot-book"));
  gateway.deployed.set("snapshot-book", { topic: "tick.ingest-trades", concurrency: "2" });
  await until(() => trigger.lines.some((line) => line.includes("concurrency=2")));
  gateway.deployed.set("snapshot-book", { topic: "tick.*" });
  await until(() =>
    trigger.lines.some((line) => line.includes("started function=snapshot-book topic=tick.*")),
  );
  gateway.deployed.delete("ingest-trades");
  await until(() => trigger.lines.some((line) => line.includes("stopped function=ingest-trades")));
  const callsBefore = gateway.calls.filter((call) => call.name === "ingest-trades").length;
  const others = gateway.calls.length;
  await until(() => gateway.calls.length >= others + 2);

  expect(gateway.calls.filter((call) => call.name === "ingest-trades")).toHaveLength(callsBefore);
});
