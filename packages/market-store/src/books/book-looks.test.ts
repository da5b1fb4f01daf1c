import { expect, test } from "vitest";
import { bookLooks } from "./book-looks.ts";

/** A checkpoint in which one token was last seen when the test says so. */
function aCheckpoint() {
  const clock = { nowMs: 0 };
  const said = { observedAtMs: 0, reads: 0 };
  const read = async () => {
    said.reads += 1;
    return { state: { tokens: { "1001": { hash: "a", tsMs: 0, observedAtMs: said.observedAtMs } } } };
  };
  const looks = bookLooks(() => clock.nowMs);
  const lastSeen = async () => (await looks.latest(read))["1001"]?.observedAtMs;
  return { clock, said, looks, lastSeen };
}

test("looks are read once a second: until then a book is as old as it was known to be, not younger", async () => {
  const { clock, said, lastSeen } = aCheckpoint();
  expect(await lastSeen()).toBe(0);

  said.observedAtMs = 500;
  clock.nowMs = 999;
  expect(await lastSeen()).toBe(0);
  clock.nowMs = 1_000;

  expect([await lastSeen(), said.reads]).toEqual([500, 2]);
});

test("a clock that was set back makes no look last longer", async () => {
  const { clock, said, lastSeen } = aCheckpoint();
  clock.nowMs = 3_600_000;
  await lastSeen();

  clock.nowMs = 60_000;
  said.observedAtMs = 59_000;

  expect(await lastSeen()).toBe(59_000);
});

test("a reading that is given up fails for whoever gave it up, and for nobody else", async () => {
  const { looks, lastSeen } = aCheckpoint();

  const impatient = looks.latest(() => Promise.reject(new Error("given up")));

  await expect(impatient).rejects.toThrow("given up");
  expect(await lastSeen()).toBe(0);
});

test("a slow reading does not take the place of one that was asked for later", async () => {
  const { clock, said, looks, lastSeen } = aCheckpoint();
  let answerSlowly = (_: null) => {};
  const slow = looks.latest(() => new Promise((resolve) => (answerSlowly = resolve)));

  clock.nowMs = 1_000;
  said.observedAtMs = 900;
  await lastSeen();
  answerSlowly(null);

  expect(await slow).toEqual({});
  expect(await lastSeen()).toBe(900);
});

test("of a checkpoint of another shape, or of none, nothing is known", async () => {
  const clock = { nowMs: 0 };
  const looks = bookLooks(() => clock.nowMs);

  expect(await looks.latest(async () => ({ state: { tokens: 7 } }))).toEqual({});
  clock.nowMs = 1_000;
  expect(await looks.latest(async () => null)).toEqual({});
});
