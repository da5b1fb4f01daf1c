import type { EnforceRetentionParts } from "@polytape/enforce-retention";
import { type CoverageInterval, DAY_MS, SECOND_MS } from "@polytape/market-model";
import { aBook, aTrade } from "@polytape/market-model/testing";
import { type MarketStore, openMarketStore } from "@polytape/market-store";
import { inMemorySource } from "@polytape/polymarket-source/in-memory";
import { snapshotBook } from "@polytape/snapshot-book";
import { afterEach, beforeEach, describe, expect, inject, it } from "vitest";
import { makeStoreCopy, type StoreCopy } from "./market-store-copy.ts";
import { NEVER, runRetention } from "./run-retention.ts";

const TODAY = Date.parse("2026-11-22T00:00:00Z");
const NOON = TODAY + DAY_MS / 2;
const MARKET = `0x${"a1".repeat(32)}`;

/** The index ages of this file are minutes: only event times can tell what is old. */
describe("retention on a real server", () => {
  let copy: StoreCopy;
  let store: MarketStore;
  const clock = { nowMs: NOON };

  beforeEach(async () => {
    copy = await makeStoreCopy(inject("openSearchUrl"));
    store = openMarketStore(copy.settings, { now: () => clock.nowMs });
    clock.nowMs = NOON;
  });

  afterEach(async () => {
    await store?.close();
    await copy?.remove();
  });

  async function run(body: object = {}, changes: Partial<EnforceRetentionParts> = {}) {
    await copy.settle();
    return runRetention({ store, now: () => clock.nowMs, ...changes }, body);
  }

  const at = (daysAgo: number) => NOON - daysAgo * DAY_MS - SECOND_MS;
  const storeTrades = (...daysAgo: number[]) =>
    store.trades.createTrades(daysAgo.map((days) => aTrade({ tsSeconds: at(days) / SECOND_MS })));
  const storeBook = (assetId: string, tsMs: number) =>
    store.books.storeBooks([
      { ...aBook({ assetId, tsMs }), observedAtMs: tsMs + 100, previousSeenAtMs: null },
    ]);
  const tradeDays = async () => (await copy.indices()).filter((name) => name.includes("trades_v1"));
  const bookIndices = async () => (await copy.indices()).filter((name) => name.includes("orderbook"));

  function complete(daysAgo: number): CoverageInterval {
    const fromMs = TODAY - daysAgo * DAY_MS;
    const [stream, state] = ["trades", "complete"] as const;
    return {
      stream,
      state,
      marketId: null,
      assetId: null,
      fromMs,
      toMs: fromMs + DAY_MS,
      cause: null,
      evidence: {},
    };
  }

  it("deletes days by when their trades happened, however young their indices are", async () => {
    await storeTrades(0, 1, 2, 3, 4, 5);
    const before = await tradeDays();

    const report = await run();

    expect(before).toHaveLength(6);
    expect(report).toMatchObject({ outcome: "done", trade_days: 2, still_due: 0 });
    expect(report["deleted"]).toEqual([5, 4].map((days) => copy.names.tradesOfDay(at(days))));
    expect(Number(report["freed_bytes"])).toBeGreaterThan(1_000);
    expect(await tradeDays()).toEqual([3, 2, 1, 0].map((days) => copy.names.tradesOfDay(at(days))));
    expect(await store.trades.findTrades({ sort: "asc", limit: 10 })).toHaveLength(4);
  });

  it("deletes a day that was backfilled late as soon as its event day is due", async () => {
    await storeTrades(0, 1, 2, 3);
    await run();
    await storeTrades(3, 20);
    const backfilled = await tradeDays();

    const sameDay = await run();
    clock.nowMs += DAY_MS;
    await storeTrades(-1);
    const nextDay = await run();

    expect(backfilled).toContain(copy.names.tradesOfDay(at(20)));
    expect(sameDay["deleted"]).toEqual([copy.names.tradesOfDay(at(20))]);
    expect(nextDay["deleted"]).toEqual([copy.names.tradesOfDay(at(3))]);
  });

  // `retention_from` of the API is this moment too: what it answers is there, and nothing more is kept of trades.
  it("keeps today and as many whole days before it as it is told", async () => {
    await storeTrades(0, 1, 2, 3, 4);

    const { kept_from: said } = await run();

    const days = (await tradeDays()).map((name) => copy.names.dayOfTrades(name));
    expect(Date.parse(String(said))).toBe(TODAY - 3 * DAY_MS);
    expect(Math.min(...days.map((day) => day ?? 0))).toBe(TODAY - 3 * DAY_MS);
  });

  it("calls no day complete of which nothing is left, and keeps what is said of the others", async () => {
    await storeTrades(0, 2, 4);
    await store.coverage.recordIntervals([complete(2), complete(4)]);

    const report = await run();

    const timeline = await store.coverage.readTimeline({ stream: "trades", fromMs: at(6), toMs: TODAY });
    const states = timeline.map(({ fromMs, toMs, state }) => [fromMs, toMs, state]);
    expect(report).toMatchObject({ coverage_days: 1, trade_days: 1 });
    expect(states).toEqual([
      [at(6), TODAY - 2 * DAY_MS, "unknown"],
      [TODAY - 2 * DAY_MS, TODAY - DAY_MS, "complete"],
      [TODAY - DAY_MS, TODAY, "unknown"],
    ]);
  });

  it("deletes a month of candles with its last day, and old samples of refused records", async () => {
    await storeTrades(0);
    const candleOf = (openTimeMs: number) => ({ candle: aCandle(openTimeMs), rev: 1, replaces: null });
    const [september, october] = [Date.parse("2026-09-30T23:59:00Z"), Date.parse("2026-10-01T00:00:00Z")];
    await store.candles.writeCandles([candleOf(september), candleOf(october), candleOf(TODAY)]);
    const sample = { kind: "trade", reason: "price: missing", raw: {} } as const;
    await store.rejections.keepSamples([
      { ...sample, receivedAtMs: at(60) },
      { ...sample, reason: "side: missing", receivedAtMs: at(1) },
    ]);

    // The first kept day is the 31st of October: that month stays whole.
    const report = await run({}, { retentionDays: 22 });

    expect(report).toMatchObject({ candle_months: 1, rejected_samples: 1, trade_days: 0 });
    expect((await copy.indices()).filter((name) => name.includes("candles"))).toEqual([
      copy.names.candlesOfMonth(october),
      copy.names.candlesOfMonth(TODAY),
    ]);
    expect(await store.rejections.findSamples({ limit: 10 })).toMatchObject([{ reason: "side: missing" }]);
  });

  it("rolls books over by size and by age, an empty index never, and one that is neither not", async () => {
    const bySize = { ...NEVER, primaryShardBytesMax: 1 };
    const byAge = { ...NEVER, ageMsMax: 1 };
    const empty = await run({}, { rollover: byAge });
    await storeBook("1", at(0));
    const neither = await run();
    const asked = await run({ dry_run: true }, { rollover: bySize });
    const first = await run({}, { rollover: bySize });
    await storeBook("1", at(0) + 500);
    const second = await run({}, { rollover: byAge });

    const [a, b, c] = [1, 2, 3].map((number) => `${copy.names.books}-00000${number}`);
    expect([empty, neither].map(({ rolled }) => rolled)).toEqual([undefined, undefined]);
    expect(asked).toMatchObject({ rolled: a, rolled_to: b });
    expect(first).toMatchObject({ rolled: a, rolled_to: b });
    expect(second).toMatchObject({ rolled: b, rolled_to: c });
    expect(await bookIndices()).toEqual([a, b, c]);
  });

  it("deletes a rolled index when the newest book in it is old enough, and never the one written to", async () => {
    await storeTrades(0);
    const byAge = { ...NEVER, ageMsMax: 1 };
    for (const daysAgo of [9, 5, 8]) {
      await storeBook("1", at(daysAgo));
      if (daysAgo === 5) await storeBook("1", at(2));
      await run({}, { rollover: byAge, retentionDays: 0 });
    }
    await storeBook("1", at(30));

    const report = await run();

    expect(report).toMatchObject({ book_indices: 2, still_due: 0 });
    expect(await bookIndices()).toEqual([2, 4].map((number) => `${copy.names.books}-00000${number}`));
    expect((await store.books.findBook({ assetId: "1", atMs: NOON, match: "before" }))?.tsMs).toBe(at(2));
  });

  // An unchanged book costs no document: the only one of a quiet token is as old as its last change.
  it("keeps a book findable that has stood for longer than the days that are kept", async () => {
    await storeTrades(0);
    const source = inMemorySource({ now: () => clock.nowMs });
    const quiet = { ...aBook({ tsMs: at(40) }), observedAtMs: at(40) };
    source.serve({ books: [quiet] });
    const signal = new AbortController().signal;
    const desk = { source, store, levelsMax: 25, marketsMax: 1, assetIds: ["1001"], signal };
    const look = () => snapshotBook({ ...desk, now: () => clock.nowMs });
    const find = () => store.books.findBook({ assetId: "1001", atMs: NOON, match: "before" });
    clock.nowMs = at(40);
    const first = await look();
    clock.nowMs = NOON;
    await run({}, { rollover: { ...NEVER, ageMsMax: 1 } });
    source.serve({ books: [{ ...quiet, observedAtMs: at(0) }] });
    const unchanged = await look();

    const report = await run();
    const again = await look();
    await copy.settle();

    expect([first, unchanged, again].map(({ stored }) => stored)).toEqual([1, 0, 1]);
    expect(report).toMatchObject({ book_indices: 1, books_to_store_anew: 1 });
    expect(await find()).toMatchObject({ tsMs: at(40), bids: quiet.bids, lastSeenAtMs: at(0) });
  });

  // The writer that crashed before it remembered the book writes it again, into the next index.
  it("serves a book once that was written on both sides of a rollover", async () => {
    await storeBook("1", at(1));
    await run({}, { rollover: { ...NEVER, ageMsMax: 1 } });
    await storeBook("1", at(1));
    await storeBook("1", at(0));
    await copy.settle();

    const before = await store.books.findBook({ assetId: "1", atMs: at(1), match: "before" });
    const after = await store.books.findBook({ assetId: "1", atMs: at(1) + 1, match: "nearest" });

    expect(before).toMatchObject({ tsMs: at(1), bids: aBook().bids, asks: aBook().asks });
    expect(after?.tsMs).toBe(at(1));
  });

  it("lets two runs at once delete and roll over once between them", async () => {
    await storeTrades(0, 1, 2, 3, 4, 5, 6);
    await storeBook("1", at(0));
    const byAge = { ...NEVER, ageMsMax: 1 };

    const reports = await Promise.all([run({}, { rollover: byAge }), run({}, { rollover: byAge })]);

    expect(await tradeDays()).toHaveLength(4);
    expect(reports.reduce((sum, report) => sum + Number(report["trade_days"]), 0)).toBe(3);
    expect(reports.filter(({ rolled }) => rolled !== undefined)).toHaveLength(1);
    expect(await bookIndices()).toHaveLength(2);
    await storeBook("1", at(0) + 1);
  });

  it("deletes nothing early when the clock jumps years ahead or back", async () => {
    await storeTrades(0, 1, 2, 3);
    const before = await tradeDays();

    clock.nowMs = NOON + 1_000 * DAY_MS;
    const ahead = await run();
    clock.nowMs = NOON - 1_000 * DAY_MS;
    const back = await run();

    expect(ahead).toMatchObject({ trade_days: 0, days_without_events: 1_000 });
    expect(back).toMatchObject({ trade_days: 0, in_the_future: before });
    expect(await tradeDays()).toEqual(before);
  });

  it("catches up on a missed week by itself, and refuses most of the tape until it is confirmed", async () => {
    const days = Array.from({ length: 13 }, (_, daysAgo) => daysAgo);
    await storeTrades(...days.slice(0, 11));

    const week = await run();
    await storeTrades(...days);
    const tooMuch = await run();
    const confirmed = await run({ confirm: true });

    expect(week).toMatchObject({ outcome: "done", trade_days: 7 });
    expect(tooMuch).toMatchObject({ outcome: "refused", trade_days: 0, still_due: 9 });
    expect(confirmed).toMatchObject({ outcome: "done", trade_days: 9 });
  });

  it("leaves indices alone whose names it cannot read", async () => {
    await storeTrades(0, 9);
    const strange = ["trades_v1-2019", "trades_v1-2019.01.01-kept", "orderbook_snapshots_v1-000099"];
    for (const name of strange)
      await copy.server.request({ method: "PUT", path: `/${copy.names.prefix}${name}` });

    const report = await run();

    const left = strange.map((name) => `${copy.names.prefix}${name}`).sort();
    expect(report).toMatchObject({ trade_days: 1, left_alone: left });
    expect(await copy.indices()).toEqual(expect.arrayContaining(left));
  });

  it("frees the disk by whole indices while the server lets no document be changed", async () => {
    await storeTrades(0, 9);
    await storeBook("1", at(0));
    await store.coverage.recordIntervals([complete(9)]);
    const block = (on: boolean | null) =>
      copy.server.request({
        method: "PUT",
        path: `/${copy.names.prefix}*/_settings`,
        body: { "index.blocks.read_only_allow_delete": on },
      });

    await copy.settle();
    await block(true);
    const blocked = await run({}, { rollover: { ...NEVER, ageMsMax: 1 } }).finally(() => block(null));
    const after = await run();

    expect(blocked).toMatchObject({ trade_days: 1, documents_blocked: true });
    expect(after).toMatchObject({ trade_days: 0, coverage_days: 1 });
  });

  it("says what the next days will free", async () => {
    await storeTrades(0, 1, 2, 3);

    const { next_days_free_bytes: next } = await run();

    const isFreed = Array.isArray(next) ? next.map((bytes) => bytes > 0) : [];
    expect(isFreed).toEqual([true, true, true, true, false, false, false]);
  });
});

function aCandle(openTimeMs: number) {
  const price = { open: 0.5, high: 0.5, low: 0.5, close: 0.5 };
  const sums = { volume: 1, notional: 1, buyVolume: 1, sellVolume: 0, n: 1, tradeSetHash: "h" };
  return { marketId: MARKET, assetId: "1001", interval: "1m", openTimeMs, ...price, ...sums } as const;
}
