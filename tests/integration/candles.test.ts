import { buildCandles } from "@polytape/build-candles/build-candles.ts";
import { rebuildRange } from "@polytape/build-candles/rebuild-range.ts";
import {
  CANDLE_INTERVALS,
  foldTrades,
  mergeCandles,
  numberEqualTrades,
  type Trade,
} from "@polytape/market-model";
import { aTradeRow } from "@polytape/market-model/testing";
import { type MarketStore, openMarketStore } from "@polytape/market-store";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { makeStoreCopy, type StoreCopy } from "./market-store-copy.ts";

/** 2026-09-30T23:00:00Z: the next hour lies in another day and another month. */
const HOUR = Date.UTC(2026, 8, 30, 23);
const range = { from: HOUR, to: HOUR + 2 * 3_600_000 };
const TOKENS = 30;

let copy: StoreCopy;
let store: MarketStore;

beforeAll(async () => {
  copy = await makeStoreCopy(inject("openSearchUrl"));
  store = openMarketStore(copy.settings);
});

afterAll(async () => {
  await store?.close();
  await copy?.remove();
});

function parts(changes: { sliceMinutes?: number; callMs?: number } = {}) {
  return {
    store,
    intervals: CANDLE_INTERVALS,
    settleMs: 0,
    now: Date.now,
    signal: new AbortController().signal,
    callMs: 60_000,
    sliceMinutes: 5_000,
    ...changes,
  };
}

function manyTrades(): Trade[] {
  const rows = Array.from({ length: 1_500 }, (_, index) =>
    aTradeRow({
      assetId: `70${index % TOKENS}`,
      tsSeconds: HOUR / 1000 + ((index * 37) % 7_200),
      price: (1 + (index % 99)) / 100,
      size: 1 + (index % 7),
    }),
  ).sort((a, b) => b.tsSeconds - a.tsSeconds);
  return numberEqualTrades().number(rows, { rowSet: "taker", receivedAtMs: HOUR });
}

async function allCandles() {
  const read = await store.candles.listKeys({ fromMs: HOUR, toMs: range.to, limit: 10_000 });
  return [...(await store.candles.findByKeys(read)).values()];
}

test("candles can be built, rebuilt, revised by a late trade, and found without trades", async () => {
  const trades = manyTrades();
  await store.trades.createTrades(trades);

  const reports = [];
  do reports.push(await rebuildRange(parts({ callMs: 0, sliceMinutes: 250 }), range));
  while (reports.at(-1)?.["next"] !== null && reports.length < 100);
  const first = await allCandles();
  const again = await rebuildRange(parts(), range);
  const second = await allCandles();

  expect(reports.length).toBeGreaterThan(3);
  expect(reports.at(-1)).toMatchObject({ created: first.length, changed: 0, orphaned: 0 });
  expect(again).toMatchObject({ nothing_changed: true, unchanged: first.length });
  expect(second).toEqual(first);
  for (const assetId of ["700", "7017"]) {
    const ofHour = trades.filter(
      (trade) => trade.assetId === assetId && trade.tsSeconds * 1000 < HOUR + 3_600_000,
    );
    const minutes = [...new Set(ofHour.map(({ tsSeconds }) => Math.floor(tsSeconds / 60)))].map((minute) =>
      foldTrades(ofHour.filter(({ tsSeconds }) => Math.floor(tsSeconds / 60) === minute)),
    );
    const hourly = first.find((each) => each.assetId === assetId && each.interval === "1h");
    expect(hourly).toMatchObject(mergeCandles(minutes, "1h"));
  }

  const late = numberEqualTrades().number(
    [aTradeRow({ assetId: "7017", tsSeconds: HOUR / 1000 + 3_661, size: 0.5 })],
    { rowSet: "taker", receivedAtMs: HOUR },
  );
  await store.trades.createTrades(late);
  const revised = await rebuildRange(parts(), range);

  expect(Number(revised["created"]) + Number(revised["changed"])).toBe(3);
  const after = await allCandles();
  const before = new Map(first.map((each) => [`${each.assetId}|${each.interval}|${each.openTimeMs}`, each]));
  const touched = after.filter(
    (each) =>
      before.get(`${each.assetId}|${each.interval}|${each.openTimeMs}`)?.version.seqNo !== each.version.seqNo,
  );
  expect(touched.map(({ assetId, interval, openTimeMs }) => [assetId, interval, openTimeMs - HOUR])).toEqual(
    expect.arrayContaining([
      ["7017", "1m", 3_660_000],
      ["7017", "5m", 3_600_000],
      ["7017", "1h", 3_600_000],
    ]),
  );
  expect(touched).toHaveLength(3);
  expect(touched.filter(({ interval }) => interval === "1h")).toMatchObject([{ rev: 1 }]);

  const alone = foldTrades(
    numberEqualTrades().number([aTradeRow({ assetId: "1", tsSeconds: HOUR / 1000 })], {
      rowSet: "taker",
      receivedAtMs: HOUR,
    }),
  );
  await store.candles.writeCandles([{ candle: alone, rev: 0, replaces: null }]);
  expect(await rebuildRange(parts(), range)).toMatchObject({
    orphaned: 1,
    orphaned_examples: [`1|1m|${HOUR}`],
    changed: 0,
  });
  expect(await allCandles()).toHaveLength(after.length + 1);
});

// Each run names only its own minutes, and all share one hour: what one run writes, another must not miss.
test("runs beside each other leave the longer candles with all minutes in them", async () => {
  const assetId = "800";
  const dayLater = HOUR + 86_400_000;
  const runs = Array.from({ length: 8 }, (_, run) =>
    numberEqualTrades().number(
      [aTradeRow({ assetId, tsSeconds: dayLater / 1000 + run * 60, size: run + 1 })],
      { rowSet: "taker", receivedAtMs: HOUR },
    ),
  );

  const build = async (trades: Trade[]) => {
    await store.trades.createTrades(trades);
    const windows = trades.map((trade) => ({
      market_id: trade.marketId,
      asset_id: assetId,
      minutes_ms: [trade.tsSeconds * 1000],
    }));
    for (let deliveries = 0; deliveries < 20; deliveries += 1) {
      const done = await buildCandles(parts(), [{ windows }]).then(
        () => true,
        () => false,
      );
      if (done) return;
    }
    throw new Error("other runs kept winning");
  };
  await Promise.all(runs.map(build));

  const key = { assetId, interval: "1h" as const, openTimeMs: dayLater };
  const [hourly] = (await store.candles.findByKeys([key])).values();
  expect(hourly).toMatchObject(
    mergeCandles(
      runs.map((trades) => foldTrades(trades)),
      "1h",
    ),
  );
});
