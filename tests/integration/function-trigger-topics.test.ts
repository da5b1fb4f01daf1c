import { afterEach, beforeEach, expect, test } from "vitest";
import { aTriggerWorld, type TriggerWorld, until } from "./a-trigger-world.ts";
import type { StandInGateway, StartedTrigger } from "./function-trigger-stand-in.ts";

/** A function with a tick and jobs: two topics on two streams, one function. */
let world: TriggerWorld;
let gateway: StandInGateway;
let trigger: StartedTrigger;

beforeEach(async () => {
  world = await aTriggerWorld();
  ({ gateway } = world);
  gateway.deployed.set("filler", { topic: "tick.filler,job.backfill.>" });
  trigger = await world.start();
});

afterEach(() => world.stop());

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
