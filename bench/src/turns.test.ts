import { expect, test } from "vitest";
import { figureOfPairs, takeTurns } from "./turns.ts";

test("counts only the rounds after the warm-up", async () => {
  const rounds = await takeTurns({ rounds: 2, warmUps: 3, enoughAfterMs: 60_000 }, async (round) => round);

  expect(rounds).toEqual([3, 4]);
});

test("when it takes too long, ends with the first round that counts", async () => {
  const rounds = await takeTurns({ rounds: 9, warmUps: 1, enoughAfterMs: -1 }, async (round) => round);

  expect(rounds).toEqual([1]);
});

test("shows the pair with the middle ratio and how far the others lie from it", () => {
  const pairs = [
    { value: 10, ceiling: 100 },
    { value: 60, ceiling: 80 },
    { value: 50, ceiling: 100 },
  ];

  expect(figureOfPairs({ name: "stored", unit: "trades/s" }, pairs)).toMatchObject({
    value: 50,
    ceiling: 100,
    ratio: 0.5,
    spread: { low: 0.1, high: 0.75, rounds: 3 },
  });
});
