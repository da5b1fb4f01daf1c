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

/** A function with a tick and jobs: two topics on two streams, one function. */
let nats: RunningServer;
let gateway: StandInGateway;
let trigger: StartedTrigger;
const quiet = { marketsMs: 3_600_000, tradesMs: 3_600_000, booksMs: 3_600_000 };

beforeEach(async () => {
  nats = await startNats();
  gateway = await startStandInGateway();
  await applyTopology({ url: nats.url, clientName: "test" }, topology(quiet, 1));
  gateway.deployed.set("filler", { topic: "tick.filler,job.backfill.>" });
  trigger = await startTrigger({ nats: nats.url, gateway: gateway.url });
});

afterEach(async () => {
  await trigger.drain();
  await gateway.stop();
  await nats.stop();
});

const until = (isSo: () => boolean | Promise<boolean>) =>
  vi.waitUntil(isSo, { timeout: 20_000, interval: 20 });
const bodies = () => gateway.calls.map(({ body }) => JSON.parse(body) as Record<string, unknown>);

test("one concurrency holds over all topics, and none of them waits for ever", async () => {
  const waiting: ((status: number) => void)[] = [];
  gateway.answer = () => new Promise((resolve) => waiting.push(resolve));
  for (let job = 0; job < 4; job += 1) await trigger.bus.publish("job.backfill.next", { job });
  await trigger.bus.publish("tick.filler", { tick: true });

  for (let answered = 0; answered < 5; answered += 1) {
    await until(() => waiting.length > 0);
    waiting.shift()?.(200);
  }

  expect(gateway.atOnceMax()).toBe(1);
  expect(bodies().filter((body) => "job" in body)).toEqual([0, 1, 2, 3].map((job) => ({ job })));
  const place = bodies().findIndex((body) => "tick" in body);
  expect(place).toBeLessThan(3);
  expect(gateway.calls.map(({ headers }) => headers["x-topic"]).toSorted()).toEqual([
    ...Array(4).fill("job.backfill.>"),
    "tick.filler",
  ]);
});

test("what fails is retried when it is a job, and not when it is a tick", async () => {
  gateway.answer = (call) => (call.body.includes("fails") && failures(call.body) < 3 ? 503 : 200);
  const failures = (body: string) => gateway.calls.filter((call) => call.body === body).length;

  await trigger.bus.publish("tick.filler", { fails: "tick" });
  await until(() => gateway.calls.length === 1);
  await trigger.bus.publish("job.backfill.next", { fails: "job" });
  await until(() => failures('{"fails":"job"}') === 3);
  await trigger.bus.publish("job.backfill.next", { last: true });
  await until(() => failures('{"last":true}') === 1);

  expect(failures('{"fails":"tick"}')).toBe(1);
  expect(await trigger.bus.listDeadLetters({ limit: 9 })).toEqual([]);
});
