import { expect, test } from "vitest";
import { aBackfill, aDay, complete, DAY_SECONDS, multiset, NOW_SECONDS } from "./a-backfill.ts";
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
      room: store.room,
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

const byHand = {
  from: new Date((NOW_SECONDS - DAY_SECONDS / 2) * 1_000).toISOString(),
  to: new Date(NOW_SECONDS * 1_000).toISOString(),
  request_id: "killed",
};
const bad = { kind: "trade", reason: "side: HOLD", raw: { side: "HOLD" }, receivedAtMs: 1 } as const;

test.each([
  { how: "planned by the tick", after: false, request: undefined },
  { how: "planned by the tick", after: true, request: undefined },
  { how: "asked for by a message", after: false, request: byHand },
  { how: "asked for by a message", after: true, request: byHand },
])(
  "$how, it ends the same whichever side effect was its last one (which happened: $after)",
  async ({ after, request }) => {
    const rows = [...aDay(60).slice(0, 20), bad, ...aDay(60).slice(20)];
    const budget = { pagesMax: 4, batchPages: 2 };
    const bounds = { backfillDays: request ? 0 : 1, retentionDays: 90 };
    const id = request ? "asked-killed" : "first";
    const undisturbed = aBackfill(rows, { budget, bounds });
    if (request) await undisturbed.run(request);
    await undisturbed.runToEnd();
    let deaths = 0;

    for (let dieAt = 1; ; dieAt += 1) {
      const tape = aBackfill(rows, { budget, bounds });
      const { dying } = dyingParts(tape.parts, dieAt, after);
      let died = false;
      const mayDie = (call: Promise<unknown>) =>
        call.catch((error: unknown) => {
          if (error !== CRASH) throw error;
          died = true;
        });
      if (request) await mayDie(tape.run(request, dying));
      // A message whose call did not return is delivered again.
      if (request && died) await tape.run(request);
      for (let tick = 0; tick < 20 && !died; tick += 1) await mayDie(tape.run({}, dying));
      if (!died) break;
      deaths += 1;
      await tape.runToEnd();

      expect(multiset(await tape.stored()), `died at effect ${dieAt}`).toEqual(
        multiset(await undisturbed.stored()),
      );
      const { fromSeconds, toSeconds } = backfillSchema.parse(
        (await tape.store.checkpoints.read(`backfill:${id}`))?.state,
      );
      // All but what the bad row makes doubtful, and that says so.
      const said = await tape.intervals();
      expect(said.filter(({ cause }) => cause === "row_rejected")).not.toEqual([]);
      expect(complete(said).length).toBeGreaterThan(1);
      const read = said.map((each) =>
        each.cause === "row_rejected" ? { ...each, state: "complete" as const } : each,
      );
      expect(complete(read)).toEqual([[fromSeconds, toSeconds]]);
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
