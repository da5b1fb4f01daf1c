import type { DeadLetter } from "@polytape/event-bus";
import { PolytapeError } from "@polytape/market-model";
import { expect, test } from "vitest";
import { aShell, NOW } from "../testing.ts";

function aLetter(more: Partial<DeadLetter> = {}): DeadLetter {
  return {
    id: "rebuild:7",
    functionName: "rebuild",
    subject: "job.rebuild.day",
    data: '{"day":1}',
    deliveries: 20,
    status: 500,
    reason: "deliveries exhausted: answer 500",
    diedAtMs: NOW,
    ...more,
  };
}

async function aShellWith(...letters: DeadLetter[]) {
  const shell = aShell();
  for (const letter of letters) await shell.bus.publishDeadLetter(letter);
  const left = async () => (await shell.bus.listDeadLetters({ limit: 100 })).map(({ id }) => id);
  return { ...shell, left };
}

const THREE = [
  aLetter(),
  aLetter({ id: "rebuild:9", data: '{"day":2}' }),
  aLetter({ id: "build-candles:7", functionName: "build-candles", subject: "trades.stored.taker" }),
];

test("one letter is shown whole, its message as it came, also when that is no JSON", async () => {
  const { call } = await aShellWith(aLetter({ data: "not { json" }));

  const { status, out } = await call("dead-letters", "show", "rebuild:7");

  expect(status).toBe(0);
  expect(out.at(-1)).toBe("not { json");
  expect(out.join("\n")).toMatch(
    /subject +job\.rebuild\.day\n.*deliveries +20\nstatus +500\nreason +deliveries/s,
  );
  const asJson = await call("dead-letters", "show", "rebuild:7", "--json");
  expect(JSON.parse(asJson.out.join())).toEqual(aLetter({ data: "not { json" }));
});

test.each(["show", "replay", "drop"])("%s of a letter that is not there is a wrong call", async (verb) => {
  const { call } = await aShellWith(...THREE);

  const { status, errors } = await call("dead-letters", verb, "rebuild:8");

  expect([status, errors]).toEqual([
    2,
    ["polytape: there is no dead letter rebuild:8: dead-letters list names them."],
  ]);
});

test("one letter, those of a function, or all are sent again and gone then", async () => {
  const { call, bus, left } = await aShellWith(...THREE);

  const one = await call("dead-letters", "replay", "rebuild:7");
  expect(one).toMatchObject({ status: 0, told: ["1 dead letter sent again."] });
  expect(await left()).toEqual(["rebuild:9", "build-candles:7"]);

  await call("dead-letters", "replay", "--function", "rebuild");
  expect(await left()).toEqual(["build-candles:7"]);

  await call("dead-letters", "replay", "--all");
  expect(await left()).toEqual([]);
  expect(bus.messages.map(({ subject, data }) => [subject, data])).toEqual([
    ["job.rebuild.day", { day: 1 }],
    ["job.rebuild.day", { day: 2 }],
    ["trades.stored.taker", { day: 1 }],
  ]);
  expect((await call("dead-letters", "replay", "--all")).told).toEqual(["There are no dead letters."]);
});

test.each([[[]], [["rebuild:7", "--all"]], [["--all", "--function", "rebuild"]]])(
  "what to send again must be said in one way: %j",
  async (words) => {
    const { call, left } = await aShellWith(...THREE);

    const { status, errors } = await call("dead-letters", "replay", ...words);

    expect([status, errors]).toEqual([2, ["polytape: say which: one id, --function NAME or --all."]]);
    expect(await left()).toHaveLength(3);
  },
);

test("a letter that is refused stays and holds up no other", async () => {
  const { call, bus, left } = await aShellWith(...THREE);
  const replay = bus.replayDeadLetter;
  bus.replayDeadLetter = async (letter) => {
    if (letter.id === "rebuild:7") throw new PolytapeError("operating", "bus_refused", "The stream is full.");
    return replay(letter);
  };

  const { status, told, errors } = await call("dead-letters", "replay", "--all");

  expect(status).toBe(1);
  expect(told).toEqual(["rebuild:7: The stream is full. It stays."]);
  expect(errors).toEqual(["polytape: 2 dead letters sent again, 1 not: The stream is full."]);
  expect(await left()).toEqual(["rebuild:7"]);
});

test("nothing is dropped without --yes, and what would be is named", async () => {
  const { call, left } = await aShellWith(...THREE);

  const asked = await call("dead-letters", "drop", "--function", "rebuild");
  expect(asked.status).toBe(2);
  expect(asked.out).toEqual(["rebuild:7: would be dropped.", "rebuild:9: would be dropped."]);
  expect(asked.errors.join()).toContain("2 dead letters would be gone for good; say --yes.");
  expect(await left()).toHaveLength(3);

  const done = await call("dead-letters", "drop", "--function", "rebuild", "--yes");
  expect([done.status, await left()]).toEqual([0, ["build-candles:7"]]);
});
