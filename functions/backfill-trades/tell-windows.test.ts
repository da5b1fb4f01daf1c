import { expect, test } from "vitest";
import { aBackfill, aDay, DAY_SECONDS, NOW_SECONDS } from "./a-backfill.ts";

/** Whom the candles hear of: what is new, and what a call that died may not have told. */
const bounds = { backfillDays: 0, retentionDays: 90 };
const halfADay = { from: new Date((NOW_SECONDS - DAY_SECONDS / 2) * 1_000).toISOString() };
const toldBy = ({ bus }: ReturnType<typeof aBackfill>) =>
  new Set(bus.tradesStored.flatMap(({ windows }) => windows.flatMap(({ minutesMs }) => minutesMs)));

// Built anew, candles of a repeated day would keep those of now waiting for hours.
test("rows that are there already are told to nobody", async () => {
  const tape = aBackfill(aDay(), { bounds });
  await tape.run(halfADay);
  await tape.runToEnd();
  const told = tape.bus.tradesStored.length;

  const again = await tape.run({ ...halfADay, request_id: "again" });
  await tape.runToEnd();

  expect(told).toBeGreaterThan(0);
  expect(again).toMatchObject({ stored: 0, repeated: expect.any(Number) });
  expect(tape.bus.tradesStored).toHaveLength(told);
});

test("what a call stored and died before telling is told, also by calls that get less far", async () => {
  const undisturbed = aBackfill(aDay(), { bounds });
  await undisturbed.run(halfADay);
  await undisturbed.runToEnd();
  const tape = aBackfill(aDay(), { bounds, budget: { pagesMax: 1, batchPages: 1 } });
  const publishTradesStored = async () => {
    throw new Error("the process is gone");
  };
  const dying = {
    budget: { pagesMax: 6, batchPages: 6 },
    bus: { ...tape.parts.bus, publishTradesStored },
  };

  await expect(tape.run({ ...halfADay, request_id: "dies" }, dying)).rejects.toThrow("gone");
  await tape.runToEnd();

  expect([...toldBy(tape)].toSorted()).toEqual([...toldBy(undisturbed)].toSorted());
});
