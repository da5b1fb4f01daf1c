import { applyTopology } from "@polytape/event-bus";
import { type RunningServer, startNats } from "@polytape/local";
import { topology } from "@polytape/nats";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import {
  type StandInGateway,
  type StartedTrigger,
  startStandInGateway,
  startTrigger,
} from "./function-trigger-stand-in.ts";

/** Messages through outages that outlast any number of tries, and messages that are themselves the trouble. */
let nats: RunningServer;
let gateway: StandInGateway;
let trigger: StartedTrigger;
const quiet = { marketsMs: 3_600_000, tradesMs: 3_600_000, booksMs: 3_600_000 };
const DELIVERIES_MAX = 3;

beforeEach(async () => {
  nats = await startNats();
  gateway = await startStandInGateway();
  await applyTopology({ url: nats.url, clientName: "test" }, topology(quiet, 1));
  gateway.deployed.set("rebuild", { topic: "job.rebuild.>" });
  const settings = { TRIGGER_DELIVERIES_MAX: String(DELIVERIES_MAX) };
  trigger = await startTrigger({ nats: nats.url, gateway: gateway.url }, settings);
});

afterEach(async () => {
  await trigger.drain();
  await gateway.stop();
  await nats.stop();
});

const until = (isSo: () => boolean | Promise<boolean>) =>
  vi.waitUntil(isSo, { timeout: 30_000, interval: 20 });
const letters = () => trigger.bus.listDeadLetters({ limit: 10 });
const deliveries = () => gateway.calls.map((call) => Number(call.headers["x-nats-deliveries"]));

// A full disk, a busy store, a bus that is away: whatever its deliveries, the message is done when it is over.
test("a job waits through an outage of its function's servers, and is done by itself afterwards", async () => {
  let isFull = true;
  gateway.answer = () => (isFull ? 503 : 200);

  await trigger.bus.publish("job.rebuild.day", { day: 1 });
  await until(() => gateway.calls.length > 4 * DELIVERIES_MAX);
  isFull = false;
  const { length } = gateway.calls;
  await until(() => gateway.calls.length > length);
  await trigger.drain();

  expect(gateway.calls.length).toBe(length + 1);
  expect(trigger.lines.filter((line) => line.includes("dead letter"))).toEqual([]);
});

test("a job waits while the gateway is away, and is done by the one that comes back", async () => {
  const { port } = gateway;
  await until(() => trigger.lines.some((line) => line.includes("started function=rebuild")));
  await gateway.stop();

  await trigger.bus.publish("job.rebuild.day", { day: 1 });
  const tries = () => trigger.lines.filter((line) => line.includes("call failed")).length;
  await until(() => tries() > 2 * DELIVERIES_MAX);
  gateway = await startStandInGateway(port);
  gateway.deployed.set("rebuild", { topic: "job.rebuild.>" });
  await until(() => gateway.calls.length === 1);

  expect(await letters()).toEqual([]);
});

// Else one bad message would crash its function once a minute for ever.
test.each([
  ["kills its function", "die"],
  ["keeps it until the call is cut off", 504],
  ["is a case that it was not made for", 500],
] as const)("a job that %s each time becomes a dead letter after its own tries", async (_, trouble) => {
  let isFull = true;
  gateway.answer = () => (isFull ? 503 : trouble);

  await trigger.bus.publish("job.rebuild.day", { day: 1 });
  await until(() => gateway.calls.length > 2 * DELIVERIES_MAX);
  isFull = false;
  const hindered = gateway.calls.length;
  await until(async () => (await letters()).length === 1);

  expect(deliveries()).toHaveLength(hindered + DELIVERIES_MAX);
  expect(await letters()).toMatchObject([
    { deliveries: hindered + DELIVERIES_MAX, reason: expect.stringMatching(/^deliveries exhausted: /) },
  ]);
});
