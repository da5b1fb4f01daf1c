import { expect, test } from "vitest";
import { createCallSlots } from "./call-slots.ts";

test("lets as many run at once as there are places, and the others in turn, also after a failure", async () => {
  const slots = createCallSlots(2);
  const started: number[] = [];
  const ends: (() => void)[] = [];
  const work = (place: number) =>
    slots.run(async () => {
      started.push(place);
      await new Promise<void>((resolve) => ends.push(resolve));
      if (place === 0) throw new Error("failed");
    });
  const all = Promise.allSettled([0, 1, 2, 3].map(work));
  const letMicrotasksRun = () => new Promise((resolve) => setImmediate(resolve));
  await letMicrotasksRun();
  const first = [...started];
  ends[0]?.();
  await letMicrotasksRun();
  const second = [...started];
  for (let end = 1; end < 4; end += 1) {
    ends[end]?.();
    await letMicrotasksRun();
  }

  expect([first, second]).toEqual([
    [0, 1],
    [0, 1, 2],
  ]);
  expect((await all).map(({ status }) => status)).toEqual([
    "rejected",
    "fulfilled",
    "fulfilled",
    "fulfilled",
  ]);
});
