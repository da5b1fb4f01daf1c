import {
  type CandleInterval,
  foldTrades,
  hasCode,
  numberEqualTrades,
  type Trade,
  type TradeRow,
  windowStart,
} from "@polytape/market-model";
import { aTradeRow } from "@polytape/market-model/testing";
import type { StoredCandle } from "@polytape/market-store";
import { inMemoryStore } from "@polytape/market-store/in-memory";
import { expect, test } from "vitest";
import { buildCandles } from "./build-candles.ts";

/** 2026-09-21T14:00:00Z, the start of an hour. */
const HOUR = 1_789_999_200_000;
const MINUTE = 60_000;
const SETTLE = 600_000;

function minuteOfHour(minute: number, second = 0): number {
  return (HOUR + minute * MINUTE) / 1000 + second;
}

function trades(...rows: Partial<TradeRow>[]): Trade[] {
  return rows.flatMap((row) =>
    numberEqualTrades().number([aTradeRow({ tsSeconds: minuteOfHour(0), ...row })], {
      rowSet: "taker",
      receivedAtMs: HOUR,
    }),
  );
}

function messageOf(all: readonly Trade[]) {
  return {
    windows: all.map(({ marketId, assetId, tsSeconds }) => ({
      market_id: marketId,
      asset_id: assetId,
      minutes_ms: [windowStart(tsSeconds * 1000, MINUTE)],
    })),
  };
}

function deps(nowMs = HOUR + MINUTE) {
  const store = inMemoryStore({ now: () => nowMs });
  const intervals: CandleInterval[] = ["1m", "5m", "1h"];
  return { store, intervals, settleMs: SETTLE, now: () => nowMs, signal: new AbortController().signal };
}

async function candlesOf({ store }: ReturnType<typeof deps>, interval: CandleInterval, assetId = "1001") {
  const range = { fromMs: 0, toMs: Number.MAX_SAFE_INTEGER, limit: 1000 };
  const keys = (await store.candles.listKeys(range)).filter(
    (key) => key.assetId === assetId && key.interval === interval,
  );
  const found = [...(await store.candles.findByKeys(keys)).values()];
  return found.map(({ version: _, ingestedAtMs: __, ...candle }: StoredCandle) => candle);
}

const twoMinutes = trades(
  { tsSeconds: minuteOfHour(0, 5), price: 0.5, size: 10, side: "buy" },
  { tsSeconds: minuteOfHour(0, 20), price: 0.56, size: 5, side: "sell" },
  { tsSeconds: minuteOfHour(0, 40), price: 0.44, size: 2.5, side: "buy" },
  { tsSeconds: minuteOfHour(7, 1), price: 0.61, size: 1, side: "sell" },
);

test("makes the candles that a person computes by hand", async () => {
  const parts = deps();
  await parts.store.trades.createTrades(twoMinutes);

  const report = await buildCandles(parts, [messageOf(twoMinutes)]);

  const first = {
    open: 0.5,
    high: 0.56,
    low: 0.44,
    close: 0.44,
    volume: 17_500_000,
    notional: 8_900_000,
    n: 3,
  };
  const second = {
    open: 0.61,
    high: 0.61,
    low: 0.61,
    close: 0.61,
    volume: 1_000_000,
    notional: 610_000,
    n: 1,
  };
  expect(await candlesOf(parts, "1m")).toMatchObject([
    { ...first, openTimeMs: HOUR, buyVolume: 12_500_000, sellVolume: 5_000_000, rev: 0 },
    { ...second, openTimeMs: HOUR + 7 * MINUTE, buyVolume: 0, sellVolume: 1_000_000, rev: 0 },
  ]);
  expect(await candlesOf(parts, "5m")).toMatchObject([
    { ...first, openTimeMs: HOUR },
    { ...second, openTimeMs: HOUR + 5 * MINUTE },
  ]);
  expect(await candlesOf(parts, "1h")).toMatchObject([
    { open: 0.5, high: 0.61, low: 0.44, close: 0.61, volume: 18_500_000, notional: 9_510_000, n: 4, rev: 0 },
  ]);
  expect(report).toMatchObject({ minutes: 2, written: 5, unchanged: 0, empty: 0 });
});

test("a second run over the same message writes nothing", async () => {
  const parts = deps();
  await parts.store.trades.createTrades(twoMinutes);
  await buildCandles(parts, [messageOf(twoMinutes)]);
  const before = await candlesOf(parts, "1h");

  const report = await buildCandles(parts, [messageOf(twoMinutes), messageOf(twoMinutes)]);

  expect(report).toMatchObject({ written: 0, unchanged: 5 });
  expect(await candlesOf(parts, "1h")).toEqual(before);
});

// The 1m candle is there but unchanged at the second try: the longer ones must be merged all the same.
test.each([{ afterEffect: false }, { afterEffect: true }])(
  "a crash between the minutes and the longer intervals is healed by the next delivery (%o)",
  async (options) => {
    const parts = deps();
    await parts.store.trades.createTrades(twoMinutes);
    parts.store.failNext("candles.writeCandles", options);

    const failed = await buildCandles(parts, [messageOf(twoMinutes)]).catch((error: unknown) => error);
    await buildCandles(parts, [messageOf(twoMinutes)]);

    expect(hasCode(failed, "store_unavailable")).toBe(true);
    expect(await candlesOf(parts, "1m")).toHaveLength(2);
    expect(await candlesOf(parts, "5m")).toHaveLength(2);
    expect(await candlesOf(parts, "1h")).toMatchObject([{ n: 4 }]);
  },
);

test("a late trade raises the revision of exactly its settled windows", async () => {
  const now = HOUR + 2 * 3_600_000;
  const parts = deps(now);
  await parts.store.trades.createTrades(twoMinutes);
  await buildCandles(parts, [messageOf(twoMinutes)]);

  const late = trades({ tsSeconds: minuteOfHour(7, 30), price: 0.7, size: 1 });
  await parts.store.trades.createTrades(late);
  const report = await buildCandles(parts, [messageOf(late)]);

  expect(report).toMatchObject({ written: 3, revised: 3 });
  expect((await candlesOf(parts, "1m")).map(({ rev, n }) => [rev, n])).toEqual([
    [0, 3],
    [1, 2],
  ]);
  expect((await candlesOf(parts, "5m")).map(({ rev }) => rev)).toEqual([0, 1]);
  expect((await candlesOf(parts, "1h")).map(({ rev, n }) => [rev, n])).toEqual([[1, 5]]);
});

test("a trade that arrives while the window settles changes the candle and not its revision", async () => {
  const parts = deps(HOUR + MINUTE + SETTLE);
  await parts.store.trades.createTrades(twoMinutes.slice(0, 1));
  await buildCandles(parts, [messageOf(twoMinutes.slice(0, 1))]);
  await parts.store.trades.createTrades(twoMinutes);

  const report = await buildCandles(parts, [messageOf(twoMinutes)]);

  expect(report).toMatchObject({ revised: 0 });
  expect(await candlesOf(parts, "1m")).toMatchObject([
    { n: 3, rev: 0 },
    { n: 1, rev: 0 },
  ]);
});

test("never makes a candle of a window without trades", async () => {
  const parts = deps();

  const report = await buildCandles(parts, [messageOf(twoMinutes)]);

  expect(report).toMatchObject({ minutes: 2, written: 0, empty: 5 });
  expect(await candlesOf(parts, "1m")).toEqual([]);
});

test("leaves maker rows out", async () => {
  const parts = deps();
  await parts.store.trades.createTrades(trades({ size: 3 }));
  await parts.store.trades.createTrades(
    trades({ size: 4, wallet: "0xmaker" }).map((trade) => ({ ...trade, rowSet: "all" as const })),
  );

  await buildCandles(parts, [messageOf(trades({}))]);

  expect(await candlesOf(parts, "1m")).toMatchObject([{ volume: 3_000_000, n: 1 }]);
});

// Two runs read, the one that read less writes last: without the guard the older candle would stay.
test("a run that read fewer trades can't overwrite the candle of a run that read more", async () => {
  const parts = deps();
  await parts.store.trades.createTrades(twoMinutes.slice(0, 1));
  const { trades: tape } = parts.store;
  let meanwhile: Promise<unknown> | null = null;
  const slow = {
    ...parts,
    store: {
      ...parts.store,
      trades: {
        ...tape,
        readMinutes: async (minutes: Parameters<typeof tape.readMinutes>[0]) => {
          const read = await tape.readMinutes(minutes);
          meanwhile ??= tape
            .createTrades(twoMinutes)
            .then(() => buildCandles(parts, [messageOf(twoMinutes.slice(0, 1))]));
          await meanwhile;
          return read;
        },
      },
    },
  };

  const report = await buildCandles(slow, [messageOf(twoMinutes.slice(0, 1))]);

  expect(report).toMatchObject({ conflicts: 1 });
  expect(await candlesOf(parts, "1m")).toMatchObject([{ n: 3 }]);
  expect(await candlesOf(parts, "1h")).toMatchObject([{ n: 3 }]);
});

test("a failure tells how many candles were written before it", async () => {
  const parts = deps();
  await parts.store.trades.createTrades(twoMinutes);
  parts.store.failNext("candles.readMinutes");

  const failed = await buildCandles(parts, [messageOf(twoMinutes)]).catch((error: unknown) => error);

  expect(failed).toMatchObject({ code: "store_unavailable", facts: { written: 2 } });
});

test("gives up with an error when other runs win every time, so that the message comes again", async () => {
  const parts = deps();
  await parts.store.trades.createTrades(twoMinutes);
  const writeCandles: typeof parts.store.candles.writeCandles = async (candles) => ({
    written: 0,
    conflicts: candles.map(({ candle }) => candle),
  });
  const store = {
    ...parts.store,
    candles: { ...parts.store.candles, findByKeys: async () => new Map(), writeCandles },
  };

  const failed = await buildCandles({ ...parts, store }, [messageOf(twoMinutes)]).catch(
    (error: unknown) => error,
  );

  expect(hasCode(failed, "store_conflict")).toBe(true);
});

test("builds the windows of good messages and then refuses the bad one of the batch", async () => {
  const parts = deps();
  await parts.store.trades.createTrades(twoMinutes);

  const failed = await buildCandles(parts, [{ windows: "all" }, messageOf(twoMinutes)]).catch(
    (e: unknown) => e,
  );

  expect(hasCode(failed, "messages_refused") && [failed.kind, failed.facts]).toMatchObject([
    "input",
    { written: 5, refused: 1 },
  ]);
});

test("a window with an amount beyond exact sums is named, and the others are built", async () => {
  const parts = deps();
  const all = [...twoMinutes, ...trades({ tsSeconds: minuteOfHour(1), size: 1e12 })];
  await parts.store.trades.createTrades(all);

  const failed = await buildCandles(parts, [messageOf(all)]).catch((error: unknown) => error);

  expect(hasCode(failed, "amount_too_large") && failed.facts).toMatchObject({
    windows: [`1001|1m|${HOUR + MINUTE}`],
  });
  expect(await candlesOf(parts, "1m")).toHaveLength(2);
  expect(await candlesOf(parts, "5m")).toMatchObject([{ openTimeMs: HOUR + 5 * MINUTE }]);
  expect(await candlesOf(parts, "1h")).toEqual([]);
});

test("asks for the message again when the time is up, instead of forgetting windows", async () => {
  const parts = { ...deps(), signal: AbortSignal.abort() };

  const failed = await buildCandles(parts, [messageOf(twoMinutes)]).catch((error: unknown) => error);

  expect(hasCode(failed, "out_of_time") && failed.kind).toBe("operating");
});

test.each<{ intervals: CandleInterval[]; expected: number[] }>([
  { intervals: ["1h"], expected: [2, 0, 1] },
  { intervals: ["1h", "5m"], expected: [2, 2, 1] },
  { intervals: ["5m"], expected: [2, 2, 0] },
])(
  "builds the intervals that are asked for, and 1m in any case ($intervals)",
  async ({ intervals, expected }) => {
    const parts = deps();
    await parts.store.trades.createTrades(twoMinutes);

    await buildCandles({ ...parts, intervals }, [messageOf(twoMinutes)]);

    const built = await Promise.all((["1m", "5m", "1h"] as const).map((each) => candlesOf(parts, each)));
    expect(built.map((candles) => candles.length)).toEqual(expected);
    expect(built[2]?.every((candle) => candle.n === 4)).toBe(true);
  },
);

// What an earlier setting did not build must not make a later interval look complete and be short.
test("an interval that is switched on later counts the minutes from before", async () => {
  const parts = deps();
  await parts.store.trades.createTrades(twoMinutes);
  await buildCandles({ ...parts, intervals: ["1m"] }, [messageOf(twoMinutes)]);

  await buildCandles(parts, [messageOf(twoMinutes.slice(0, 1))]);

  expect(await candlesOf(parts, "1h")).toMatchObject([{ n: 4 }]);
});

test("works through more windows than it reads at once", async () => {
  const parts = deps();
  const all = Array.from({ length: 1_205 }, (_, index) => trades({ assetId: String(index) })).flat();
  await parts.store.trades.createTrades(all);

  const report = await buildCandles(parts, [messageOf(all)]);

  expect(report).toMatchObject({ minutes: 1_205, written: 3 * 1_205 });
  const [candle] = await candlesOf(parts, "1m", "1204");
  expect(candle).toMatchObject(foldTrades(all.slice(-1)));
});
