import { connectEventBus } from "@polytape/event-bus";
import { startNats } from "@polytape/local";
import { afterEach, beforeEach, expect, test } from "vitest";
import { aTriggerWorld, type TriggerWorld, until } from "./a-trigger-world.ts";
import { type StandInGateway, startStandInGateway } from "./function-trigger-stand-in.ts";

let world: TriggerWorld;
let gateway: StandInGateway;

beforeEach(async () => {
  world = await aTriggerWorld();
  ({ gateway } = world);
});

afterEach(() => world.stop());

const bodiesOf = (name: string) =>
  gateway.calls.filter((call) => call.name === name).map((call) => call.body);

test("delivers a job until it succeeds, over every kind of passing failure", async () => {
  gateway.deployed.set("rebuild", { topic: "job.rebuild.>" });
  const answers: (number | "die")[] = [500, "die", 404, 503, 429, 200];
  gateway.answer = () => answers.shift() ?? 200;
  const trigger = await world.start();

  await trigger.bus.publish("job.rebuild.day", { day: 1 });
  await until(() => gateway.calls.length === 6);

  const deliveries = gateway.calls.map((call) => Number(call.headers["x-nats-deliveries"]));
  expect(deliveries).toEqual([1, 2, 3, 4, 5, 6]);
  expect(await trigger.bus.listDeadLetters({ limit: 10 })).toEqual([]);
});

test("a refused job becomes one dead letter at once and is not delivered again", async () => {
  gateway.deployed.set("rebuild", { topic: "job.rebuild.>" });
  gateway.answer = (call) => (call.body.includes("bad") ? 400 : slowly(200, 1_500));
  const trigger = await world.start();

  await trigger.bus.publish("job.rebuild.day", { day: "bad" });
  await trigger.bus.publish("job.rebuild.day", { day: "good" });
  await trigger.bus.publish("job.rebuild.day", { day: "last" });
  await until(() => bodiesOf("rebuild").includes('{"day":"last"}'));

  const [letter] = await trigger.bus.listDeadLetters({ functionName: "rebuild", limit: 10 });
  expect(letter).toMatchObject({
    functionName: "rebuild",
    subject: "job.rebuild.day",
    data: '{"day":"bad"}',
    deliveries: 1,
    status: 400,
    reason: "refused: answer 400",
  });
  // An unanswered message would have come again before the last one, its deadline being a second.
  expect(bodiesOf("rebuild")).toEqual(['{"day":"bad"}', '{"day":"good"}', '{"day":"last"}']);
});

test("a job that never succeeds is delivered as often as allowed and then becomes one dead letter", async () => {
  gateway.deployed.set("rebuild", { topic: "job.rebuild.>" });
  gateway.answer = () => 500;
  const trigger = await world.start({ TRIGGER_DELIVERIES_MAX: "3" });

  await trigger.bus.publish("job.rebuild.day", { day: 1 });
  await until(async () => (await trigger.bus.listDeadLetters({ limit: 10 })).length > 0);
  await trigger.drain();

  expect(gateway.calls).toHaveLength(3);
});

// The letter is stored, then the trigger dies before it can terminate the original.
test("a dead letter that is written twice is one", async () => {
  const { bus } = await world.start();
  const letter = {
    id: "rebuild:7",
    functionName: "rebuild",
    subject: "job.rebuild.day",
    data: "{}",
    deliveries: 3,
    status: null,
    reason: "deliveries exhausted",
    diedAtMs: 1,
  };

  await bus.publishDeadLetter(letter);
  await bus.publishDeadLetter({ ...letter, diedAtMs: 2 });

  expect(await bus.listDeadLetters({ limit: 10 })).toEqual([letter]);
});

test("puts the events that wait into one call as a JSON array", async () => {
  gateway.deployed.set("build-candles", { topic: "trades.stored.taker", batch: "16" });
  for (let index = 0; index < 20; index += 1) await publishWindow(index);

  await world.start();
  await until(() => gateway.calls.length >= 2);

  const batches = bodiesOf("build-candles").map((body) => JSON.parse(body).length);
  expect(batches).toEqual([16, 4]);
});

test("one bad message of a batch does not take its neighbours with it", async () => {
  gateway.deployed.set("build-candles", { topic: "trades.stored.taker", batch: "8" });
  gateway.answer = (call) => (call.body.includes('"asset_id":"3"') ? 400 : 200);
  for (let index = 0; index < 6; index += 1) await publishWindow(index);

  const { bus } = await world.start();
  await until(async () => (await bus.listDeadLetters({ limit: 10 })).length === 1);
  await until(() => gateway.calls.length >= 7);

  const [together, ...alone] = bodiesOf("build-candles").map(assetsIn);
  expect(together).toEqual(["0", "1", "2", "3", "4", "5"]);
  expect(alone.flat().sort()).toEqual(["0", "1", "2", "3", "4", "5"]);
  const [letter] = await bus.listDeadLetters({ limit: 10 });
  expect(letter?.data).toContain('"asset_id":"3"');
});

// The deadline of the test is a second, and a second loop is free to take what comes again.
test("keeps the message of a long call for itself by extending its deadline", async () => {
  gateway.deployed.set("rebuild", { topic: "job.rebuild.>", concurrency: "2" });
  let ended = false;
  gateway.answer = async (call) => {
    if (call.body.includes("short")) return 200;
    await slowly(200, 2_500);
    ended = true;
    return 200;
  };
  const { bus } = await world.start();

  await bus.publish("job.rebuild.day", { job: "long" });
  await until(() => ended);
  await bus.publish("job.rebuild.day", { job: "short" });
  await until(() => bodiesOf("rebuild").includes('{"job":"short"}'));

  expect(bodiesOf("rebuild")).toEqual(['{"job":"long"}', '{"job":"short"}']);
});

test("runs as many calls at once as annotated, and no more", async () => {
  gateway.deployed.set("rebuild", { topic: "job.rebuild.>", concurrency: "3" });
  const waiting: ((status: number) => void)[] = [];
  gateway.answer = () => new Promise((resolve) => waiting.push(resolve));
  const { bus } = await world.start();
  for (let day = 0; day < 7; day += 1) await bus.publish("job.rebuild.day", { day });

  for (let answered = 0; answered < 7; answered += 1) {
    await until(() => waiting.length > 0);
    if (answered === 0) await until(() => waiting.length === 3);
    waiting.shift()?.(200);
  }
  await until(() => gateway.calls.length === 7);

  expect(gateway.atOnceMax()).toBe(3);
});

test("loses no event while NATS and the gateway are killed and the function dies in mid-call", async () => {
  gateway.deployed.set("build-candles", { topic: "trades.stored.taker", batch: "4", concurrency: "2" });
  const succeeded = new Set<string>();
  let calls = 0;
  const answer: StandInGateway["answer"] = (call) => {
    calls += 1;
    if (calls % 5 === 0) return "die";
    for (const asset of assetsIn(call.body)) succeeded.add(asset);
    return 200;
  };
  gateway.answer = answer;
  const trigger = await world.start({ TRIGGER_DELIVERIES_MAX: "100" });

  for (let index = 0; index < 20; index += 1) await publishWindow(index);
  const { nats } = world;
  await nats.kill();
  world.nats = await startNats({ home: nats.home, port: nats.port });
  for (let index = 20; index < 40; index += 1) await publishWindow(index);
  const { port, deployed } = gateway;
  await gateway.stop();
  for (let index = 40; index < 60; index += 1) await publishWindow(index);
  gateway = world.gateway = await startStandInGateway(port);
  gateway.answer = answer;
  for (const [name, annotations] of deployed) gateway.deployed.set(name, annotations);
  await until(() => succeeded.size === 60, 40_000);

  expect(await trigger.bus.listDeadLetters({ limit: 10 })).toEqual([]);
});

/** What a function that takes so long answers. */
function slowly(status: number, afterMs: number): Promise<number> {
  return new Promise((resolve) => setTimeout(() => resolve(status), afterMs));
}

async function publishWindow(index: number): Promise<void> {
  const bus = await connectEventBus({ url: world.nats.url, clientName: "publisher" });
  await bus.publishTradesStored("taker", [{ marketId: "m", assetId: String(index), minutesMs: [0] }]);
  await bus.close();
}

function assetsIn(body: string): string[] {
  const messages: { windows: { asset_id: string }[] }[] = JSON.parse(body);
  return messages.flatMap((message) => message.windows.map((window) => window.asset_id));
}
