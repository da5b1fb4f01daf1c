import { expect, test } from "vitest";
import { aDayOfRows, aSelfCheck, marketOf, statementOf } from "./a-self-check.ts";
import { CHECKPOINT_NAME } from "./check-state.ts";

test("says to a request that nothing is known of its day, and keeps the last result and the check under way", async () => {
  const tape = await aSelfCheck({ served: aDayOfRows([1, 2], 12) });
  await tape.run();
  const last = (await tape.store.checkpoints.read(CHECKPOINT_NAME))?.state;
  const { length } = tape.feed.calls;

  const answers = [
    await tape.run({ day: "2026-11-10" }),
    await tape.run({ day: "2026-11-10", markets: [marketOf(1)] }),
  ];

  for (const answer of answers)
    expect(answer).toEqual({
      outcome: "nothing_to_check",
      day: "2026-11-10",
      reason: expect.stringContaining("ledger claims nothing"),
    });
  expect((await tape.store.checkpoints.read(CHECKPOINT_NAME))?.state).toEqual(last);
  expect(tape.feed.calls).toHaveLength(length);
});

test("checks a named market of which alone something is known", async () => {
  const tape = await aSelfCheck({ served: aDayOfRows([1, 2], 12), state: "unknown" });
  await tape.store.coverage.recordIntervals([statementOf(marketOf(2), "complete")]);

  const markets = [marketOf(1), marketOf(2)];

  expect(await tape.run({ day: "2026-11-20", markets })).toMatchObject({
    outcome: "done",
    checked_markets: 2,
  });
  expect(await tape.run({ day: "2026-11-20", markets: [marketOf(3)] })).toMatchObject({
    outcome: "nothing_to_check",
  });
});
