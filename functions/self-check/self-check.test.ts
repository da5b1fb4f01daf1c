import { DAY_MS, PolytapeError, type TradeRow, tradeRowKey } from "@polytape/market-model";
import { aTradeRow } from "@polytape/market-model/testing";
import { expect, test } from "vitest";
import { aDayOfRows, anActiveMarket, aSelfCheck, DAY, dayRange, marketOf, NOW } from "./a-self-check.ts";
import { CHECKPOINT_NAME } from "./check-state.ts";
import { BACKFILL_TOPIC, type SelfCheckParts, TOPIC } from "./self-check.ts";

const whole = { fromMs: DAY, toMs: DAY + DAY_MS };
const complete = [{ ...whole, state: "complete", cause: null }];
const doubted = [{ ...whole, state: "partial", cause: "count_mismatch" }];

test("finds nothing on a true tape, says nothing new, and checks a day once", async () => {
  const tape = await aSelfCheck({ served: aDayOfRows([1, 2, 3], 12) });
  const said = await tape.store.coverage.findIntervals({ ...dayRange, limit: 99 });

  const report = await tape.run();

  expect(report).toMatchObject({ outcome: "done", day: "2026-11-20", checked_markets: 3, rows: 36 });
  expect(report).toMatchObject({ missing_rows: 0, extra_rows: 0, anomalies: 0, unfinished_markets: 0 });
  expect(await tape.store.coverage.findIntervals({ ...dayRange, limit: 99 })).toEqual(said);
  const { length } = tape.feed.calls;
  expect(await tape.run()).toEqual({ outcome: "nothing_to_do" });
  expect(tape.feed.calls).toHaveLength(length);
  expect(tape.bus.messages).toEqual([]);
});

test("stores what was missing, tells of its minutes, and has the whole day read again", async () => {
  const served = aDayOfRows([1, 2], 12);
  // One of two equal rows: a set of rows instead of a multiset would not see it.
  const isEqual = (one: TradeRow, other?: TradeRow) => other && tradeRowKey(one) === tradeRowKey(other);
  const lost = served.findIndex((row, place) => isEqual(row, served[place + 1]));
  const tape = await aSelfCheck({ served, isStored: (_, place) => place !== lost });
  const before = await tape.stored();

  const report = await tape.run();

  expect(report).toMatchObject({ outcome: "done", missing_rows: 1, stored: 1, anomalies: 1 });
  expect(before).not.toEqual(tape.served);
  expect(await tape.stored()).toEqual(tape.served);
  const market = served[lost]?.marketId ?? "";
  expect(tape.bus.tradesStored.flatMap(({ windows }) => windows)).toMatchObject([{ marketId: market }]);
  expect(tape.bus.messages.filter(({ subject }) => subject === BACKFILL_TOPIC)).toMatchObject([
    { data: { from: "2026-11-20T00:00:00.000Z", to: "2026-11-21T00:00:00.000Z" } },
  ]);
  expect(tape.warnings).toEqual([
    `anomaly ${JSON.stringify({ kind: "missing_rows", market, expected: 12, found: 11, day: "2026-11-20" })}`,
  ]);
});

test("revises the ledger: the repaired market is complete, all others of the day are in doubt", async () => {
  const served = aDayOfRows([1], 12);
  const tape = await aSelfCheck({ served, isStored: (_, place) => place !== 3 });

  await tape.run();

  expect(await tape.timeline(marketOf(1))).toEqual(complete);
  expect(await tape.timeline(marketOf(77))).toEqual(doubted);
  const said = await tape.store.coverage.findIntervals({ ...dayRange, marketId: marketOf(1), limit: 9 });
  expect(said.find(({ marketId }) => marketId !== null)?.evidence).toMatchObject({
    self_check: "2026-11-20",
    found_rows: 1,
    missing_rows: 1,
  });
});

test("does not call a market repaired whose feed ends above the day's begin by a cap", async () => {
  const served = aDayOfRows([1], 12);
  const tape = await aSelfCheck({ served, isStored: (_, place) => place !== 3 });
  const { source } = tape.parts;
  const capped: SelfCheckParts["source"] = {
    readStatus: () => source.readStatus(),
    readTradePage: async (query) => ({
      ...(await source.readTradePage(query)),
      nextCursor: null,
      isCapped: true,
    }),
  };

  expect(await tape.run({}, { source: capped })).toMatchObject({ stored: 1, unfinished_markets: 1 });
  const [first, last] = await tape.timeline(marketOf(1));
  expect(first).toMatchObject({ fromMs: DAY, state: "partial", cause: "count_mismatch" });
  expect(last).toMatchObject({ toMs: DAY + DAY_MS, state: "complete" });
});

test("changes nothing when the same day is checked again by hand", async () => {
  const tape = await aSelfCheck({ served: aDayOfRows([1, 2], 12), isStored: (_, place) => place !== 3 });
  await tape.run();
  const stored = await tape.stored();
  const timelines = [await tape.timeline(marketOf(1)), await tape.timeline(marketOf(77))];

  const report = await tape.run({ day: "2026-11-20" });

  expect(report).toMatchObject({ outcome: "done", checked_markets: 2, missing_rows: 0, stored: 0 });
  expect(await tape.stored()).toEqual(stored);
  expect([await tape.timeline(marketOf(1)), await tape.timeline(marketOf(77))]).toEqual(timelines);
});

test("checks active markets that are said to be silent, too", async () => {
  const served = aDayOfRows([1, 2], 12);
  const tape = await aSelfCheck({ served, isStored: ({ marketId }) => marketId === marketOf(1) });
  await tape.store.markets.storeMarkets([anActiveMarket(1), anActiveMarket(2), anActiveMarket(3)], NOW);

  const report = await tape.run();

  expect(report).toMatchObject({ checked_markets: 3, missing_rows: 12, stored: 12 });
  expect(await tape.stored()).toEqual(tape.served);
});

test("checks only the markets that are named", async () => {
  const tape = await aSelfCheck({ served: aDayOfRows([1, 2, 3], 12) });

  const report = await tape.run({ day: "2026-11-20", markets: [marketOf(2)] });

  expect(report).toMatchObject({ outcome: "done", checked_markets: 1, rows: 12 });
  expect(await tape.run()).toMatchObject({ outcome: "done", checked_markets: 3 });
});

test("draws the same markets for the same day, and no more than it should", async () => {
  const served = aDayOfRows([1, 2, 3, 4, 5, 6, 7, 8], 3);
  const sample = { marketsMax: 3, volumeRatioMax: 2 };
  const drawn = async () => {
    const tape = await aSelfCheck({ served }, { sample });
    await tape.run();
    return [
      ...new Set(
        tape.feed.calls
          .filter(({ method }) => method === "readTradePage")
          .map(({ argument }) => (argument as { marketId: string }).marketId),
      ),
    ];
  };

  const first = await drawn();

  expect(first).toHaveLength(3);
  expect(await drawn()).toEqual(first);
});

test("keeps rows that the upstream no longer serves, and says that it changed", async () => {
  const served = aDayOfRows([1], 12);
  const tape = await aSelfCheck({ served });
  tape.feed.serve({ trades: served.filter((_, place) => place !== 4) });
  const stored = await tape.stored();

  const report = await tape.run();

  expect(report).toMatchObject({ missing_rows: 0, extra_rows: 1, anomalies: 1 });
  expect(await tape.stored()).toEqual(stored);
  const said = await tape.store.coverage.findIntervals({ ...dayRange, marketId: marketOf(1), limit: 9 });
  expect(said.find(({ marketId }) => marketId !== null)).toMatchObject({
    state: "complete",
    evidence: { upstream_changed: 1 },
  });
});

test("rows found where nobody claimed to have them are stored, and are no anomaly", async () => {
  const served = aDayOfRows([1], 12);
  const tape = await aSelfCheck({ served, isStored: (_, place) => place > 6, state: "missing" });

  const report = await tape.run();

  expect(report).toMatchObject({ outcome: "done", missing_rows: 0, anomalies: 0 });
  expect(await tape.stored()).toEqual(tape.served);
  expect(await tape.timeline(marketOf(1))).toEqual(complete);
  expect(await tape.timeline(marketOf(2))).toMatchObject([{ state: "missing", cause: "collector_down" }]);
});

test("does not check a day of which nothing is known, nor one that has not settled", async () => {
  const tape = await aSelfCheck({ served: aDayOfRows([1], 12), state: "unknown" });

  expect(await tape.run()).toMatchObject({ outcome: "nothing_to_check", day: "2026-11-20" });
  await expect(tape.run({ day: "2026-11-21" })).rejects.toMatchObject({ code: "self_check_refused" });
  await expect(tape.run({ day: "2026-01-01" })).rejects.toMatchObject({ code: "self_check_refused" });
  expect(tape.feed.calls).toEqual([]);
});

test("goes on in the next call where its budget ended, and asks for that call", async () => {
  const served = aDayOfRows([1, 2, 3], 12);
  const tape = await aSelfCheck({ served }, { budget: { pagesMax: 4, timeMs: 40_000 } });

  const reports = [await tape.run(), await tape.run(), await tape.run(), await tape.run()];

  expect(reports.map(({ outcome }) => outcome)).toEqual(["running", "running", "done", "nothing_to_do"]);
  expect(reports.map((each) => each["checked_markets"] ?? 0)).toEqual([1, 1, 1, 0]);
  expect(tape.bus.messages.filter(({ subject }) => subject === TOPIC)).toHaveLength(2);
});

test("passes a market that is deeper than the budget, and says that it was not read whole", async () => {
  const tape = await aSelfCheck(
    { served: aDayOfRows([1, 2], 12) },
    { budget: { pagesMax: 2, timeMs: 40_000 } },
  );

  await tape.run();
  await tape.run();

  const kept = await tape.store.checkpoints.read(CHECKPOINT_NAME);
  expect(kept?.state).toMatchObject({
    last: { totals: { checkedMarkets: 2, unfinishedMarkets: 2, missingRows: 0 } },
  });
});

test("sets a bad record aside and stores the others", async () => {
  const served = aDayOfRows([1], 12);
  const tape = await aSelfCheck({ served, isStored: (_, place) => place !== 5 });
  const bad = { kind: "trade", reason: "side: HOLD", raw: { side: "HOLD" }, receivedAtMs: 1 } as const;
  const { source } = tape.parts;
  let first = true;
  const spoilt: SelfCheckParts["source"] = {
    readStatus: () => source.readStatus(),
    readTradePage: async (query) => {
      const rejected = first ? [bad] : [];
      first = false;
      return { ...(await source.readTradePage(query)), rejected };
    },
  };

  expect(await tape.run({}, { source: spoilt })).toMatchObject({ outcome: "done", rejected: 1, stored: 1 });
  expect(await tape.store.rejections.findSamples({ limit: 9 })).toHaveLength(1);
});

test("waits when it is throttled, and passes a market that the upstream refuses", async () => {
  const tape = await aSelfCheck({ served: aDayOfRows([1, 2], 12) });
  tape.feed.failCall(1, new PolytapeError("operating", "upstream_throttled", "Too many."));

  expect(await tape.run()).toMatchObject({ outcome: "throttled", pages: 0, stored: 0 });
  tape.feed.failCall(2, new PolytapeError("operating", "upstream_refused", "No."));
  expect(await tape.run()).toMatchObject({ outcome: "done", checked_markets: 2, unfinished_markets: 1 });
});

test("a market whose feed fails keeps no other waiting, and is given up after a day", async () => {
  const tape = await aSelfCheck({ served: aDayOfRows([1, 2, 3], 12), isStored: (_, place) => place !== 3 });
  const { source } = tape.parts;
  const failing: SelfCheckParts["source"] = {
    readStatus: () => source.readStatus(),
    readTradePage: async (query) => {
      if (query.marketId === marketOf(2))
        throw new PolytapeError("operating", "upstream_unavailable", "Away.");
      return source.readTradePage(query);
    },
  };
  const tick = () => tape.run({}, { source: failing }).catch(({ facts }: PolytapeError) => facts);

  const told = await tick();
  for (let ticks = 1; ticks < 3; ticks += 1) await tick();
  const kept = await tape.store.checkpoints.read(CHECKPOINT_NAME);
  tape.clock.nowMs += DAY_MS;
  await tick();

  expect(told).toMatchObject({ checked_markets: 1, rows: 12, stored: 0 });
  expect(kept?.state).toMatchObject({ open: { left: [marketOf(2)], totals: { checkedMarkets: 2 } } });
  expect(tape.warnings.at(-1)).toContain("self_check_abandoned");
  // What it found is followed up all the same.
  expect(tape.bus.messages.filter(({ subject }) => subject === BACKFILL_TOPIC)).toHaveLength(1);
  expect(await tape.store.checkpoints.read(CHECKPOINT_NAME)).toMatchObject({
    state: { open: null, checkedDayMs: null, last: { left: [marketOf(2)] } },
  });
});

test("gives way to a request for other markets, and tells of rows that a crash left untold", async () => {
  const tape = await aSelfCheck({ served: aDayOfRows([1], 12), isStored: (_, place) => place !== 3 });
  tape.bus.failWith(new PolytapeError("operating", "bus_unavailable", "The bus is away."));
  await expect(tape.run()).rejects.toMatchObject({ code: "bus_unavailable" });
  tape.bus.failWith(null);

  const report = await tape.run({ markets: [marketOf(2)] });

  expect(report).toMatchObject({ outcome: "done", checked_markets: 1, rows: 0 });
  expect(tape.bus.tradesStored[0]?.windows).toMatchObject([{ marketId: marketOf(1) }]);
  expect(await tape.run()).toMatchObject({ outcome: "done", checked_markets: 1, rows: 12 });
});

const CRASH = new Error("the process is gone");

/** The same parts, whose nth side effect is the last thing that happens: before it or right after it. */
function dyingParts({ store, bus }: SelfCheckParts, dieAt: number, after: boolean): Partial<SelfCheckParts> {
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
  const { trades, coverage, checkpoints } = store;
  return {
    bus: { publish: mortal(bus.publish), publishTradesStored: mortal(bus.publishTradesStored) },
    store: {
      markets: store.markets,
      rejections: store.rejections,
      trades: replacing(trades, { createTrades: mortal(trades.createTrades) }),
      checkpoints: { read: checkpoints.read, write: mortal(checkpoints.write) },
      coverage: replacing(coverage, { recordIntervals: mortal(coverage.recordIntervals) }),
    },
  };
}

/** The in-memory store's calls are made on demand; a spread copies none of them. */
function replacing<T extends object>(calls: T, replaced: Partial<T>): T {
  return new Proxy(calls, {
    get: (target, name) => Reflect.get(name in replaced ? replaced : target, name),
  });
}

test.each([false, true])(
  "ends the same whichever side effect was its last one (the effect happened: %s)",
  async (after) => {
    const world = {
      served: aDayOfRows([1, 2], 12),
      isStored: (_: unknown, place: number) => place % 5 !== 0,
    };
    const minutesOf = (each: Awaited<ReturnType<typeof aSelfCheck>>) =>
      new Set(each.bus.tradesStored.flatMap(({ windows }) => windows.flatMap(({ minutesMs }) => minutesMs)));
    const undisturbed = await aSelfCheck(world);
    await undisturbed.run();
    let deaths = 0;

    for (let dieAt = 1; ; dieAt += 1) {
      const tape = await aSelfCheck(world);
      const died = await tape.run({}, dyingParts(tape.parts, dieAt, after)).then(
        () => false,
        (error: unknown) => error === CRASH,
      );
      if (!died) break;
      deaths += 1;
      for (let tick = 0; tick < 5 && (await tape.run())["outcome"] !== "nothing_to_do"; tick += 1);

      expect(await tape.stored(), `died at effect ${dieAt}`).toEqual(tape.served);
      for (const id of [1, 2, 77])
        expect(await tape.timeline(marketOf(id))).toEqual(await undisturbed.timeline(marketOf(id)));
      expect([...minutesOf(tape)]).toEqual(expect.arrayContaining([...minutesOf(undisturbed)]));
      expect(tape.bus.messages.filter(({ subject }) => subject === BACKFILL_TOPIC)).toHaveLength(1);
      const state = (await tape.store.checkpoints.read(CHECKPOINT_NAME))?.state;
      expect(state).toMatchObject({ open: null, last: { totals: { checkedMarkets: 2, anomalies: 2 } } });
    }
    expect(deaths).toBeGreaterThan(8);
  },
);

test("of two at once one gives way, and the day is as with one", async () => {
  const tape = await aSelfCheck({ served: aDayOfRows([1, 2], 12), isStored: (_, place) => place !== 3 });

  const reports = await Promise.all([tape.run(), tape.run()]);

  expect(reports.map(({ outcome }) => outcome).sort()).toEqual(["done", "held_by_another_run"]);
  expect(await tape.stored()).toEqual(tape.served);
});

test("tells of a day with far fewer rows than the days before it", async () => {
  const day = aDayOfRows([1], 12).filter(({ tsSeconds }) => tsSeconds * 1_000 < DAY + DAY_MS);
  const before = [1, 2, 3].flatMap((back) =>
    Array.from({ length: 30 }, (_, i) =>
      aTradeRow({
        marketId: marketOf(1),
        tsSeconds: (DAY - back * DAY_MS) / 1_000 + 3_600 - i,
        assetId: "11",
      }),
    ),
  );
  const tape = await aSelfCheck({ served: [...day, ...before] });
  const [statement] = await tape.store.coverage.findIntervals({ ...dayRange, limit: 1 });
  if (!statement) throw new Error("the day is spoken of");
  await tape.store.coverage.recordIntervals([{ ...statement, fromMs: DAY - 3 * DAY_MS }]);

  expect(await tape.run()).toMatchObject({ missing_rows: 0, extra_rows: 0, anomalies: 1 });
  expect(tape.warnings[0]).toContain(`"kind":"day_count","market":"all","expected":30,"found":12`);
  const noted = await tape.store.coverage.findIntervals({ ...dayRange, limit: 9 });
  expect(noted.at(-1)).toMatchObject({
    state: "complete",
    evidence: { anomaly: "day_count", expected: 30, found: 12 },
  });
});

test("tells of a market whose volume no definition of the venue explains", async () => {
  const big = aDayOfRows([1, 2], 12).map((row) => ({ ...row, size: 1_000, price: 0.5 }));
  const tape = await aSelfCheck({ served: big });
  const ended = { status: "resolved", createdAtMs: DAY, closeTimeMs: DAY + DAY_MS - 1 } as const;
  await tape.store.markets.storeMarkets(
    [
      anActiveMarket(1, { ...ended, volume: 13_000 }),
      anActiveMarket(2, { ...ended, volume: 100_000 }),
      anActiveMarket(3, { ...ended, volume: 100_000, createdAtMs: DAY - DAY_MS }),
    ],
    NOW,
  );

  expect(await tape.run()).toMatchObject({ anomalies: 1 });
  expect(tape.warnings[0]).toContain(`"kind":"gamma_volume","market":"${marketOf(2)}","expected":100000`);
});
