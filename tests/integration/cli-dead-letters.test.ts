import { commands, connectTools, run } from "@polytape/cli";
import type { DeadLetter } from "@polytape/event-bus";
import { afterEach, beforeEach, expect, test } from "vitest";
import { aTriggerWorld, type TriggerWorld, until } from "./a-trigger-world.ts";
import type { StandInGateway, StartedTrigger } from "./function-trigger-stand-in.ts";

/** The operator's command on a real server, while the trigger feeds a function from it. */
let world: TriggerWorld;
let gateway: StandInGateway;
let trigger: StartedTrigger;

beforeEach(async () => {
  world = await aTriggerWorld();
  ({ gateway } = world);
  gateway.deployed.set("rebuild", { topic: "job.rebuild.>" });
  trigger = await world.start({ TRIGGER_DELIVERIES_MAX: "2" });
});

afterEach(() => world.stop());

async function polytape(...words: string[]) {
  const out: string[] = [];
  const errors: string[] = [];
  const print = (line: string) => void out.push(line);
  const tell = (line: string) => void errors.push(line);
  const { tools, close } = connectTools({ NATS_URL: world.nats.url }, print, {
    tell,
    readInput: async () => "",
  });
  try {
    return { status: await run(commands, words, tools, tell), out, errors };
  } finally {
    await close();
  }
}

const letters = () => trigger.bus.listDeadLetters({ limit: 1_000 });
const bodies = () => gateway.calls.map(({ body }) => body);

function aLetter(more: Partial<DeadLetter> = {}): DeadLetter {
  return {
    id: "rebuild:1",
    functionName: "rebuild",
    subject: "job.rebuild.day",
    data: '{"day":1}',
    deliveries: 2,
    status: 500,
    reason: "deliveries exhausted",
    diedAtMs: 1,
    ...more,
  };
}

test("what a failing function left is sent again once it is mended, and then no dead letter is left", async () => {
  gateway.answer = () => 500;
  await trigger.bus.publish("job.rebuild.day", { day: "ü1" });
  await until(async () => (await letters()).length === 1);
  const listed = await polytape("dead-letters", "list", "--json");
  const { id } = JSON.parse(listed.out[0] ?? "");
  expect((await polytape("dead-letters", "show", id)).out.at(-1)).toBe('{"day":"ü1"}');

  gateway.answer = () => 200;
  const callsBefore = gateway.calls.length;
  const { status, out } = await polytape("dead-letters", "replay", id);

  expect([status, out]).toEqual([0, [`${id}: sent again on job.rebuild.day.`]]);
  await until(() => gateway.calls.length > callsBefore);
  expect(bodies().at(-1)).toBe('{"day":"ü1"}');
  expect((await polytape("dead-letters", "list")).out).toEqual(["There are no dead letters."]);
});

// Two operators at once, or one whose command was ended before it could remove the letter.
test("a letter that is sent again twice is one message", async () => {
  await trigger.bus.publishDeadLetter(aLetter());
  const held = [];
  for await (const letter of trigger.bus.readDeadLetters({})) held.push(letter);
  const [letter] = held;
  if (!letter) throw new Error("no letter");

  await trigger.bus.replayDeadLetter(letter);
  await trigger.bus.replayDeadLetter(letter);
  await trigger.bus.publish("job.rebuild.day", { day: "last" });
  await until(() => bodies().includes('{"day":"last"}'));

  expect(bodies()).toEqual(['{"day":1}', '{"day":"last"}']);
  expect(await trigger.bus.removeDeadLetter(letter)).toBe(false);
});

test("a letter whose subject no stream holds any more stays, and the sentence says why", async () => {
  await trigger.bus.publishDeadLetter(aLetter({ id: "rebuild:1", subject: "job.gone.day" }));
  await trigger.bus.publishDeadLetter(aLetter({ id: "rebuild:2" }));

  const { status, errors } = await polytape("dead-letters", "replay", "--all");

  expect(status).toBe(1);
  expect(errors.at(-1)).toContain("1 not: No stream holds the subject job.gone.day any more.");
  expect((await letters()).map(({ id }) => id)).toEqual(["rebuild:1"]);
});

test("all of several pages are sent again once, though the function buries them anew meanwhile", async () => {
  gateway.answer = () => 400;
  const [other, mine] = [7, 250];
  for (let n = 1; n <= mine; n += 1)
    await trigger.bus.publishDeadLetter(aLetter({ id: `rebuild:old-${n}`, data: `{"day":${n}}` }));
  for (let n = 1; n <= other; n += 1)
    await trigger.bus.publishDeadLetter(aLetter({ id: `other:${n}`, functionName: "other" }));

  const { status, errors } = await polytape("dead-letters", "replay", "--function", "rebuild");

  expect([status, errors]).toEqual([0, [`${mine} dead letters sent again.`]]);
  await until(async () => (await letters()).length === mine + other);
  expect(new Set(bodies()).size).toBe(mine);
  const anew = (await letters()).filter(({ functionName }) => functionName === "rebuild");
  expect(anew.every(({ id }) => /^rebuild:\d+$/.test(id))).toBe(true);

  const dropped = await polytape("dead-letters", "drop", "--all", "--yes");
  expect([dropped.status, await letters()]).toEqual([0, []]);
});
