import { expect, test } from "vitest";
import { aBackfill, aDay, complete, multiset } from "./a-backfill.ts";
import { backfillSchema } from "./backfill-state.ts";
import type { BackfillTradesParts } from "./backfill-trades.ts";

const CRASH = new Error("the process is gone");

/** The same parts, whose nth side effect is the last thing that happens: before it or right after it. */
function dyingParts(parts: BackfillTradesParts, dieAt: number, after: boolean) {
  let effects = 0;
  const mortal =
    <Args extends unknown[], Result>(effect: (...args: Args) => Promise<Result>) =>
    async (...args: Args): Promise<Result> => {
      effects += 1;
      if (effects > dieAt || (effects === dieAt && !after)) throw CRASH;
      const result = await effect(...args);
      if (effects === dieAt) throw CRASH;
      return result;
    };
  const { store, bus } = parts;
  const dying: Partial<BackfillTradesParts> = {
    bus: { publish: mortal(bus.publish), publishTradesStored: mortal(bus.publishTradesStored) },
    store: {
      markets: store.markets,
      trades: { ...pick(store.trades), createTrades: mortal(store.trades.createTrades) },
      checkpoints: { read: store.checkpoints.read, write: mortal(store.checkpoints.write) },
      coverage: { ...pick(store.coverage), recordIntervals: mortal(store.coverage.recordIntervals) },
      rejections: { ...pick(store.rejections), keepSamples: mortal(store.rejections.keepSamples) },
    },
  };
  return { dying, effectsOf: () => effects };
}

/** The in-memory store's calls are made on demand; a spread copies none of them that is not asked for. */
function pick<T extends object>(calls: T): T {
  return new Proxy(calls, {});
}

test.each([false, true])(
  "ends the same whichever side effect was its last one (the effect happened: %s)",
  async (after) => {
    const rows = aDay(60);
    const budget = { pagesMax: 4, batchPages: 2 };
    const undisturbed = aBackfill(rows, { budget });
    await undisturbed.runToEnd();
    let deaths = 0;

    for (let dieAt = 1; ; dieAt += 1) {
      const tape = aBackfill(rows, { budget });
      const { dying } = dyingParts(tape.parts, dieAt, after);
      let died = false;
      for (let tick = 0; tick < 20 && !died; tick += 1)
        await tape.run({}, dying).catch((error: unknown) => {
          if (error !== CRASH) throw error;
          died = true;
        });
      if (!died) break;
      deaths += 1;
      await tape.runToEnd();

      expect(multiset(await tape.stored()), `died at effect ${dieAt}`).toEqual(
        multiset(await undisturbed.stored()),
      );
      const { fromSeconds, toSeconds } = backfillSchema.parse(
        (await tape.store.checkpoints.read("backfill:first"))?.state,
      );
      expect(complete(await tape.intervals())).toEqual([[fromSeconds, toSeconds]]);
      // A batch is read and told again at most, never the whole walk.
      expect(tape.feed.calls.length).toBeLessThanOrEqual(undisturbed.feed.calls.length + budget.pagesMax + 1);
      const told = (each: typeof tape) =>
        new Set(
          each.bus.tradesStored.flatMap(({ windows }) => windows.flatMap(({ minutesMs }) => minutesMs)),
        );
      expect(told(tape)).toEqual(told(undisturbed));
    }
    expect(deaths).toBeGreaterThan(15);
  },
);
