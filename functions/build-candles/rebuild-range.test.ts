import {
  CANDLE_INTERVALS,
  foldTrades,
  hasCode,
  mergeCandles,
  numberEqualTrades,
  type Trade,
  type TradeRow,
} from "@polytape/market-model";
import { aTradeRow } from "@polytape/market-model/testing";
import { inMemoryStore } from "@polytape/market-store/in-memory";
import { expect, test } from "vitest";
import { buildCandles } from "./build-candles.ts";
import { type RebuildDeps, rebuildRange } from "./rebuild-range.ts";
import { rebuildRequest } from "./rebuild-request.ts";

/** 2026-09-21T14:00:00Z. */
const HOUR = 1_789_999_200_000;
const { rebuild: twoHours } = rebuildRequest.parse({
  rebuild: { from: "2026-09-21T14:10:00Z", to: "2026-09-21T15:01:00+00:00" },
});

function trades(...rows: Partial<TradeRow>[]): Trade[] {
  return rows.flatMap((row) =>
    numberEqualTrades().number([aTradeRow(row)], { rowSet: "taker", receivedAtMs: HOUR }),
  );
}

/** Three tokens, in minutes 0, 2 and 4 of two hours. */
const someTrades = trades(
  ...["1001", "1002", "1003"].flatMap((assetId) =>
    [0, 2, 4, 60, 62].map((minute) => ({ assetId, tsSeconds: HOUR / 1000 + minute * 60 })),
  ),
);

function deps(changes: Partial<Omit<RebuildDeps, "store">> = {}) {
  const store = inMemoryStore({ now: () => HOUR });
  return {
    store,
    intervals: CANDLE_INTERVALS,
    settleMs: 0,
    now: () => HOUR + 86_400_000,
    signal: new AbortController().signal,
    callMs: 60_000,
    sliceMinutes: 7,
    ...changes,
  };
}

async function allCandles({ store }: Pick<ReturnType<typeof deps>, "store">) {
  const keys = await store.candles.listKeys({ fromMs: 0, toMs: Number.MAX_SAFE_INTEGER, limit: 10_000 });
  return [...(await store.candles.findByKeys(keys)).values()];
}

test("builds every candle of the range from the stored trades, whole hours, slice by slice", async () => {
  const parts = deps();
  await parts.store.trades.createTrades([
    ...someTrades,
    ...trades({ tsSeconds: HOUR / 1000 - 1 }, { tsSeconds: HOUR / 1000 + 7_200 }),
  ]);

  const report = await rebuildRange(parts, twoHours);

  expect(report).toMatchObject({
    rebuild_from: "2026-09-21T14:00:00.000Z",
    rebuild_to: "2026-09-21T16:00:00.000Z",
    minutes: 15,
    created: 15 + 6 + 6,
    changed: 0,
    orphaned: 0,
    nothing_changed: false,
    next: null,
  });
  const hourly = (await allCandles(parts)).filter((candle) => candle.interval === "1h");
  const minutes = someTrades.filter(({ assetId }) => assetId === "1002").map((trade) => foldTrades([trade]));
  expect(hourly.find(({ assetId }) => assetId === "1002")).toMatchObject(
    mergeCandles(minutes.slice(0, 3), "1h"),
  );
});

test("a second rebuild changes nothing, not even a version, and says so", async () => {
  const parts = deps();
  await parts.store.trades.createTrades(someTrades);
  await rebuildRange(parts, twoHours);
  const before = await allCandles(parts);

  const report = await rebuildRange(parts, twoHours);

  expect(report).toMatchObject({ nothing_changed: true, unchanged: 27, created: 0, changed: 0 });
  expect(await allCandles(parts)).toEqual(before);
});

test("agrees with what the messages built", async () => {
  const parts = deps();
  await parts.store.trades.createTrades(someTrades);
  const windows = someTrades.map(({ marketId, assetId, tsSeconds }) => ({
    market_id: marketId,
    asset_id: assetId,
    minutes_ms: [tsSeconds * 1000],
  }));
  await buildCandles(parts, [{ windows }]);

  expect(await rebuildRange(parts, twoHours)).toMatchObject({ nothing_changed: true, unchanged: 27 });
});

test("a late trade changes exactly the candles that it belongs to and raises their revision", async () => {
  const parts = deps();
  await parts.store.trades.createTrades(someTrades);
  await rebuildRange(parts, twoHours);

  await parts.store.trades.createTrades(trades({ assetId: "1002", tsSeconds: HOUR / 1000 + 125, size: 3 }));
  const report = await rebuildRange(parts, twoHours);

  expect(report).toMatchObject({ created: 0, changed: 3, revised: 3, unchanged: 24 });
  const revised = (await allCandles(parts)).filter(({ rev }) => rev > 0);
  expect(revised.map(({ assetId, interval, openTimeMs }) => [assetId, interval, openTimeMs - HOUR])).toEqual([
    ["1002", "1h", 0],
    ["1002", "5m", 0],
    ["1002", "1m", 120_000],
  ]);
});

test("names stored candles without trades, also beyond the last token, and leaves them alone", async () => {
  const parts = deps();
  await parts.store.trades.createTrades(someTrades);
  const orphans = trades(
    { assetId: "1001", tsSeconds: HOUR / 1000 + 60 },
    { assetId: "9", tsSeconds: HOUR / 1000 },
  );
  await parts.store.candles.writeCandles(
    orphans.map((trade) => ({ candle: foldTrades([trade]), rev: 0, replaces: null })),
  );

  const report = await rebuildRange(parts, twoHours);

  expect(report).toMatchObject({
    orphaned: 2,
    orphaned_examples: [`1001|1m|${HOUR + 60_000}`, `9|1m|${HOUR}`],
    nothing_changed: false,
  });
  expect(await allCandles(parts)).toHaveLength(27 + 2);
});

test("a candle whose trades arrive during the rebuild is no orphan", async () => {
  const parts = deps();
  const [first] = someTrades;
  if (!first) throw new Error("there are trades");
  const { listKeys } = parts.store.candles;
  const candles = {
    ...parts.store.candles,
    listKeys: async (query: Parameters<typeof listKeys>[0]) => {
      await parts.store.trades.createTrades([first]);
      await parts.store.candles.writeCandles([{ candle: foldTrades([first]), rev: 0, replaces: null }]);
      return listKeys(query);
    },
  };

  const report = await rebuildRange({ ...parts, store: { ...parts.store, candles } }, twoHours);

  expect(report).toMatchObject({ orphaned: 0 });
});

test("stops when its time is up and goes on there with the next call, counting on", async () => {
  const parts = deps({ callMs: 0 });
  await parts.store.trades.createTrades(someTrades);

  const reports = [];
  for (let calls = 0; calls < 9; calls += 1) {
    reports.push(await rebuildRange(parts, twoHours));
    if (reports.at(-1)?.["next"] === null) break;
  }

  expect(reports.length).toBe(3);
  expect(reports[0]).toMatchObject({
    minutes: 6,
    next: { hour: "2026-09-21T14:00:00.000Z", above_asset_id: "1002" },
  });
  expect(reports.at(-1)).toMatchObject({ minutes: 15, created: 27, changed: 0 });
});

test.each([{ afterEffect: false }, { afterEffect: true }])(
  "a crash around any write is healed by the same request (%o)",
  async (options) => {
    for (const call of ["candles.writeCandles", "checkpoints.write"] as const) {
      const parts = deps();
      await parts.store.trades.createTrades(someTrades);
      parts.store.failNext(call, options);

      const failed = await rebuildRange(parts, twoHours).catch((error: unknown) => error);
      await rebuildRange(parts, twoHours);

      expect(hasCode(failed, "store_unavailable")).toBe(true);
      expect(await allCandles(parts)).toHaveLength(27);
    }
  },
);

test("a window with an amount beyond exact sums is named, and the others are built", async () => {
  const parts = deps();
  await parts.store.trades.createTrades([
    ...someTrades,
    ...trades({ assetId: "1009", tsSeconds: HOUR / 1000, size: 1e12 }),
  ]);

  const report = await rebuildRange(parts, twoHours);

  expect(report).toMatchObject({ created: 27, too_large: 1, too_large_examples: [`1009|1m|${HOUR}`] });
});

test("rebuilds one market alone where it is asked for", async () => {
  const parts = deps();
  const other = `0x${"2".repeat(64)}`;
  await parts.store.trades.createTrades([
    ...someTrades,
    ...trades({ marketId: other, assetId: "2001", tsSeconds: HOUR / 1000 }),
  ]);

  const report = await rebuildRange(parts, { ...twoHours, market_id: other });

  expect(report).toMatchObject({ market_id: other, minutes: 1, created: 3 });
});

test.each([
  { from: "2026-09-21", to: "2026-09-21" },
  { from: "yesterday", to: "2026-09-21" },
  { from: "2026-09-21", to: "2026-09-22", market_id: "some-slug" },
])("refuses a request that does not say what it wants (%o)", (rebuild) => {
  expect(rebuildRequest.safeParse({ rebuild }).success).toBe(false);
});
