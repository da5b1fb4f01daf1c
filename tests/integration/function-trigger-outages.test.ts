import { afterEach, beforeEach, expect, test } from "vitest";
import { aTriggerWorld, type TriggerWorld, until } from "./a-trigger-world.ts";
import {
  type StandInGateway,
  type StartedTrigger,
  startStandInGateway,
} from "./function-trigger-stand-in.ts";

/** Messages through outages that outlast any number of tries, and messages that are themselves the trouble. */
let world: TriggerWorld;
let gateway: StandInGateway;
let trigger: StartedTrigger;
const DELIVERIES_MAX = 3;

beforeEach(async () => {
  world = await aTriggerWorld();
  ({ gateway } = world);
  gateway.deployed.set("rebuild", { topic: "job.rebuild.>" });
  trigger = await world.start({ TRIGGER_DELIVERIES_MAX: String(DELIVERIES_MAX) });
});

afterEach(() => world.stop());

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
  gateway = world.gateway = await startStandInGateway(port);
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
