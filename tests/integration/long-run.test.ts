import { readEnvironment } from "@polytape/function-runtime";
import { expect, test } from "vitest";
import { tellStory } from "./long-run/a-story.ts";

/**
 * Hours of collecting in seconds. The upstream is the simulator's world behind the real client; the store is the
 * in-memory one, whose promises are those of the real one by a shared suite: here it is a matter of the orders
 * in which things happen, and of those a process can live through far more than a server.
 */
const { LONG_RUN_SEED, LONG_RUN_SEEDS } = readEnvironment();
const COUNT = Number(LONG_RUN_SEEDS ?? 8);
const SEEDS =
  LONG_RUN_SEED === undefined
    ? Array.from({ length: COUNT }, (_, index) => 1_000 + index)
    : [Number(LONG_RUN_SEED)];

test.each(SEEDS)(
  "loses, doubles and invents nothing, and calls complete what is (again: LONG_RUN_SEED=%i)",
  async (seed) => {
    const { verdict, wrongCandles, settledTo, begunSeconds, counts } = await tellStory(seed, { hours: 2 });
    if (LONG_RUN_SEED !== undefined) console.log(counts);

    expect(verdict.lost.filter((key) => Number(key.split(" ").at(-1)) < settledTo)).toEqual([]);
    expect(wrongCandles).toEqual([]);
    const known = verdict.timeline.filter(
      ({ fromMs, toMs }) => toMs > begunSeconds * 1_000 && fromMs < settledTo * 1_000,
    );
    expect(known).toMatchObject([{ state: "complete" }]);
  },
  120_000,
);
