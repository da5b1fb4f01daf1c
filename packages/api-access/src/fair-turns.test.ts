import { setMaxListeners } from "node:events";
import { expect, test } from "vitest";
import { createFairTurns } from "./fair-turns.ts";

const NEVER = new AbortController().signal;
setMaxListeners(1_000, NEVER);

const settled = () => new Promise(setImmediate);

/** Work that is done when the test says so, in a world whose clock the test moves. */
function aWorld(atOnce = 1, waitingMax = 100) {
  const clock = { ms: 0 };
  const turns = createFairTurns({ atOnce, waitingMax }, () => clock.ms);
  const started: string[] = [];
  const ends: ((outcome?: Error) => void)[] = [];

  function ask(key: string, name = key, signal: AbortSignal = NEVER): Promise<string> {
    const work = () => {
      started.push(name);
      return new Promise<string>((resolve, reject) =>
        ends.push((outcome) => (outcome ? reject(outcome) : resolve(name))),
      );
    };
    const asked = turns.take(key, work, signal);
    asked.catch(() => {});
    return asked;
  }

  /** Ends the piece of work that began first, after so long. */
  async function end(tookMs = 10, outcome?: Error): Promise<void> {
    await settled();
    clock.ms += tookMs;
    ends.shift()?.(outcome);
    await settled();
  }

  return { ask, end, started, clock };
}

test("lets so many work at once, and the others wait", async () => {
  const { ask, end, started } = aWorld(2);
  for (const key of ["a", "b", "c"]) ask(key);
  await settled();

  expect(started).toEqual(["a", "b"]);
  await end();

  expect(started).toEqual(["a", "b", "c"]);
});

test("a key that asks for the first time goes before all that wait for another turn", async () => {
  const { ask, end, started } = aWorld();
  for (let n = 0; n < 5; n += 1) for (const key of ["a", "b"]) ask(key, `${key}${n}`);
  await end(5);
  await end(15);

  ask("seldom");
  await end();
  await end();

  // a1 had begun when the stranger came.
  expect(started.slice(0, 4)).toEqual(["a0", "b0", "a1", "seldom"]);
});

test("keys take turns, however many questions one of them sends at once", async () => {
  const { ask, end, started } = aWorld();
  for (let n = 0; n < 6; n += 1) ask("greedy");
  for (let n = 0; n < 2; n += 1) ask("modest");

  for (let n = 0; n < 5; n += 1) await end();

  expect(started.slice(0, 4).filter((key) => key === "modest")).toHaveLength(2);
});

test("shares by what answers cost, not by their number", async () => {
  const { ask, end, started } = aWorld();
  for (let n = 0; n < 40; n += 1) {
    ask("quick");
    ask("slow");
  }

  const used = { quick: 0, slow: 0 };
  for (let n = 0; n < 44; n += 1) {
    await settled();
    const key = started.at(-1) === "slow" ? "slow" : "quick";
    const tookMs = key === "slow" ? 90 : 10;
    used[key] += tookMs;
    await end(tookMs);
    // Each asks again as soon as it is answered, so that what was corrected counts.
    ask(key);
  }

  expect(used.quick / used.slow).toBeGreaterThan(0.6);
  expect(used.quick / used.slow).toBeLessThan(1.7);
});

test("work that fails gives its turn on, and its failure to whoever asked", async () => {
  const { ask, end, started } = aWorld();
  const failing = ask("a");
  ask("b");

  await end(1, new Error("store away"));

  await expect(failing).rejects.toThrow("store away");
  expect(started).toEqual(["a", "b"]);
});

test("whoever gives up leaves the line, and is not charged", async () => {
  const { ask, end, started } = aWorld();
  const patience = new AbortController();
  ask("a");
  const waiting = ask("b", "b1", patience.signal);
  ask("c");

  patience.abort(new Error("too long"));
  await expect(waiting).rejects.toThrow("too long");
  await end();
  ask("b", "b2");
  await end();

  expect(started).toEqual(["a", "c", "b2"]);
});

// Not every piece of work hears that it is given up, and one that hangs would keep its place until it ends.
test("whoever gives up leaves its place at once, is charged until then, and work that goes on changes nothing", async () => {
  const { ask, end, started, clock } = aWorld();
  const patience = new AbortController();
  const hanging = ask("a", "a0", patience.signal);
  ask("a", "a1");
  ask("b");
  await settled();

  clock.ms += 50;
  patience.abort(new Error("too long"));
  await expect(hanging).rejects.toThrow("too long");
  await settled();
  expect(started).toEqual(["a0", "b"]);
  await end(0, new Error("nobody hears of this"));
  expect(started).toEqual(["a0", "b"]);
  await end();
  expect(started).toEqual(["a0", "b", "a1"]);
});

test("refuses with `server_busy` when the line is full", async () => {
  const { ask, end } = aWorld(1, 2);
  for (const key of ["working", "first", "second"]) ask(key);

  await expect(ask("third")).rejects.toMatchObject({ code: "server_busy" });
  await end();

  ask("fourth");
});
