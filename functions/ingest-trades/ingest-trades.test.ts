import { PolytapeError, type TradeRow } from "@polytape/market-model";
import { aTradeRow } from "@polytape/market-model/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { aFeed, type TestFeed } from "./a-feed.ts";
import { aTape, multiset, someRows, start } from "./a-tape.ts";
import { tapeStateSchema } from "./walk.ts";

test("stores every trade of the feed once, equal ones included", async () => {
  const feed = aFeed(someRows(100), { pageRowsMax: 7 });
  const tape = aTape(feed);

  const report = await tape.run();

  expect(report).toMatchObject({ walk: "closed", end: "feed_end", stored: 100, repeated: 0 });
  expect(multiset(await tape.stored())).toEqual(multiset(feed.rows));
});

test("changes and sends nothing at a second run over the same rows", async () => {
  const tape = aTape(aFeed(someRows(100)));
  await tape.run();
  const before = await tape.store.checkpoints.read("trades:live");
  const messages = tape.bus.messages.length;

  const report = await tape.run();

  expect(report).toMatchObject({ walk: "quiet", stored: 0 });
  expect(await tape.stored()).toHaveLength(100);
  expect(await tape.store.checkpoints.read("trades:live")).toEqual(before);
  expect(tape.bus.messages).toHaveLength(messages);
});

// A page that is larger than what is new would otherwise make every later tick ask for the largest page.
test("asks for as many rows as came last time, not as many as the pages held", async () => {
  const feed = aFeed(someRows(3_000));
  const tape = aTape(feed);
  await tape.run();
  feed.add(...someRows(30, { newestSecond: start + 20 }));
  await tape.run();

  await tape.run();

  expect(feed.calls.at(-1)?.limit).toBeLessThan(100);
});

test("stores what came since, also into the second that was the newest", async () => {
  const feed = aFeed(someRows(100));
  const tape = aTape(feed);
  await tape.run();
  feed.add(aTradeRow({ tsSeconds: start + 1 }), ...someRows(5, { perSecond: 9 }));

  const report = await tape.run();

  expect(report).toMatchObject({ walk: "closed", end: "anchor", stored: 6 });
  expect(multiset(await tape.stored())).toEqual(multiset(feed.rows));
});

test("keeps the walk where it was when storing fails, and loses nothing", async () => {
  const feed = aFeed(someRows(50), { pageRowsMax: 10 });
  const tape = aTape(feed, { pagesMax: 20, batchRowsMax: 10 });
  tape.store.failNext("trades.createTrades");

  await expect(tape.run()).rejects.toMatchObject({ code: "store_unavailable" });
  const report = await tape.run();

  expect(report).toMatchObject({ walk: "closed" });
  expect(multiset(await tape.stored())).toEqual(multiset(feed.rows));
});

// Without the repeat, a crash between the bulk and its message would lose a candle for ever.
test("sends the touched minutes again when the message failed after the rows were stored", async () => {
  const feed = aFeed(someRows(4));
  const tape = aTape(feed);
  tape.bus.failWith(new PolytapeError("operating", "bus_unavailable", "away"));

  await expect(tape.run()).rejects.toMatchObject({ code: "bus_unavailable" });
  tape.bus.failWith(null);
  const report = await tape.run();

  expect(report).toMatchObject({ stored: 0, repeated: 4 });
  expect(tape.bus.tradesStored[0]?.windows).toEqual([
    { marketId: aTradeRow().marketId, assetId: "1001", minutesMs: expect.any(Array) },
  ]);
});

test("ends equal to the truth whichever effect a crash follows or precedes", async () => {
  const calls = [
    "checkpoints.write",
    "trades.createTrades",
    "checkpoints.read",
    "coverage.recordIntervals",
  ] as const;
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ call: fc.constantFrom(...calls), afterEffect: fc.boolean() }), {
        maxLength: 6,
      }),
      fc.array(fc.integer({ min: 0, max: 30 }), { minLength: 1, maxLength: 5 }),
      async (crashes, arrivals) => {
        const feed = aFeed(someRows(30), { pageRowsMax: 9 });
        const tape = aTape(feed, { pagesMax: 3, batchRowsMax: 9 });
        let second = start;
        for (const [index, arrival] of arrivals.entries()) {
          const crash = crashes[index];
          if (crash) tape.store.failNext(crash.call, { afterEffect: crash.afterEffect });
          await tape.run().catch(() => {});
          second += 2;
          feed.add(
            ...someRows(arrival, { newestSecond: second + Math.floor(arrival / 3), perSecond: 3 }).filter(
              (row) => row.tsSeconds >= second,
            ),
          );
          second += Math.floor(arrival / 3);
        }
        for (let runs = 0; runs < 60; runs += 1) await tape.run().catch(() => {});
        // The first walk may have stopped at its budget: below that second the tape says "unknown".
        const checkpoint = await tape.store.checkpoints.read("trades:live");
        const covered = tapeStateSchema.parse(checkpoint?.state).coveredFromSeconds ?? 0;
        const from = (rows: readonly TradeRow[]) => rows.filter((row) => row.tsSeconds >= covered);
        expect(multiset(from(await tape.stored()))).toEqual(multiset(from(feed.rows)));
        expect(covered).toBeLessThanOrEqual(second);
      },
    ),
    { numRuns: 60 },
  );
});

test("stores what could be read before the upstream failed, and goes on there", async () => {
  const feed = aFeed(someRows(40), { pageRowsMax: 10 });
  const tape = aTape(feed);
  const readTradePage: TestFeed["readTradePage"] = async (query) => {
    if (feed.calls.length === 2)
      feed.failNext(new PolytapeError("operating", "upstream_unavailable", "away"));
    return feed.readTradePage(query);
  };

  await expect(tape.run({ source: { readTradePage } })).rejects.toMatchObject({
    code: "upstream_unavailable",
    facts: { pages: 2, rows: 20, stored: 20, repeated: 0, rejected: 0 },
  });
  const kept = await tape.stored();
  const report = await tape.run();

  expect(kept).toHaveLength(20);
  expect(report).toMatchObject({ stored: 20, walk: "closed" });
});

test("counts a malformed row as rejected, keeps a sample, and stores the others", async () => {
  const feed = aFeed(someRows(10));
  const tape = aTape(feed);
  feed.rejectNext({ kind: "trade", reason: "size: must be positive", raw: { size: -1 }, receivedAtMs: 1 });

  const report = await tape.run();

  expect(report).toMatchObject({ stored: 10, rejected: 1 });
  expect(await tape.store.rejections.findSamples({ limit: 10 })).toHaveLength(1);
});

test("leaves the walk open at the budget, and goes on there next time with the same numbering", async () => {
  const feed = aFeed(someRows(9));
  const tape = aTape(feed, { pagesMax: 2, batchRowsMax: 5_000 });
  await tape.run();
  // One second of 50 equal rows, cut by pages and by runs.
  const burst = aFeed(
    [...Array.from({ length: 50 }, () => aTradeRow({ tsSeconds: start + 5 })), ...feed.rows],
    { pageRowsMax: 8 },
  );

  const reports = [];
  for (let runs = 0; runs < 10; runs += 1) reports.push((await tape.run({ source: burst }))["walk"]);

  expect(reports.slice(0, 3)).toEqual(["open", "open", "open"]);
  expect(reports).toContain("closed");
  expect(multiset(await tape.stored())).toEqual(multiset(burst.rows));
});

// A burst or an outage: whoever asks meanwhile must hear that there is more, and why it is not there yet.
test("says of what an open walk has not read yet that it is partial, until the walk closes", async () => {
  const feed = aFeed(someRows(30));
  const tape = aTape(feed);
  await tape.run();
  const burst = aFeed([...someRows(60, { newestSecond: start + 40 }), ...feed.rows], { pageRowsMax: 10 });
  const ask = () =>
    tape.store.coverage.readTimeline({
      stream: "trades",
      fromMs: (start - 1) * 1_000,
      toMs: (start + 60) * 1_000,
    });

  await tape.run({ source: burst, budget: { pagesMax: 2, batchRowsMax: 10 } });
  const meanwhile = await ask();
  await tape.run({ source: burst });

  expect(meanwhile).toMatchObject([
    { state: "partial", cause: "upstream_lag", toMs: start * 1_000 },
    { state: "partial", cause: "collector_down", toMs: (start + 40) * 1_000 },
    { state: "unknown", cause: null },
  ]);
  expect(await ask()).toMatchObject([
    { state: "partial", cause: "upstream_lag", toMs: (start + 40) * 1_000 },
    { state: "unknown", cause: null },
  ]);
});

test("does not call a walk closed because only stored rows came back", async () => {
  const feed = aFeed(someRows(90));
  const tape = aTape(feed, { pagesMax: 1, batchRowsMax: 5_000 });
  await tape.run();
  // Another run stored the newest rows and died before its checkpoint: the hole lies below them.
  const burst = someRows(40, { newestSecond: start + 20 });
  feed.add(...burst);
  const other = aTape(feed);
  await other.run();
  await tape.store.trades.createTrades((await other.stored()).slice(0, 10));
  const paged = aFeed(feed.rows, { pageRowsMax: 10 });

  const report = await tape.run({ source: paged });

  expect(report).toMatchObject({ walk: "open" });
  for (let runs = 0; runs < 10; runs += 1) await tape.run({ source: paged });
  expect(multiset(await tape.stored())).toEqual(multiset(feed.rows));
});

test("records a gap when a row of the anchor does not come back", async () => {
  const feed = aFeed(someRows(30));
  const tape = aTape(feed);
  await tape.run();
  feed.withdraw((row) => row.tsSeconds === start - 1 && row.price === 0.5);
  feed.add(aTradeRow({ tsSeconds: start + 3 }));

  const report = await tape.run();

  expect(report).toMatchObject({ walk: "closed", gap: "upstream_changed" });
  const gaps = await tape.store.coverage.findIntervals({ fromMs: 0, toMs: 2e12, limit: 10 });
  expect(gaps.filter((each) => each.cause === "upstream_changed")).toMatchObject([
    { stream: "trades", cause: "upstream_changed", fromMs: (start - 1) * 1000, toMs: start * 1000 },
  ]);
});

test("concludes nothing from an upstream that shows less than before", async () => {
  const feed = aFeed(someRows(30));
  const tape = aTape(feed);
  await tape.run();
  const behind = aFeed(feed.rows.filter((row) => row.tsSeconds < start - 1));
  const said = await tape.store.coverage.findIntervals({ fromMs: 0, toMs: 2e12, limit: 10 });

  const report = await tape.run({ source: behind });

  expect(report).toMatchObject({ walk: "upstream_behind" });
  expect(await tape.store.coverage.findIntervals({ fromMs: 0, toMs: 2e12, limit: 10 })).toEqual(said);
  expect(await tape.run()).toMatchObject({ walk: "quiet" });
});

test("records no gap when the walk's page comes from a replica behind the one that was looked at", async () => {
  const feed = aFeed(someRows(30));
  const tape = aTape(feed);
  await tape.run();
  const ahead = aFeed([...someRows(60, { newestSecond: start + 60, perSecond: 1 }), ...feed.rows], {
    pageRowsMax: 5,
  });
  const behind = aFeed(feed.rows.filter((row) => row.tsSeconds < start - 2));
  let calls = 0;
  const readTradePage: TestFeed["readTradePage"] = (query) => {
    calls += 1;
    return (calls === 1 ? ahead : behind).readTradePage(query);
  };

  const report = await tape.run({ source: { readTradePage } });

  expect(report).toMatchObject({ walk: "upstream_behind" });
  const all = await tape.store.coverage.findIntervals({ fromMs: 0, toMs: 2e12, limit: 10 });
  expect(all.filter((each) => each.cause === "upstream_changed")).toEqual([]);
});

test("fails from the third walk in a row that the upstream refuses, so that somebody sees it", async () => {
  const tape = aTape(aFeed(someRows(30)));
  const readTradePage: TestFeed["readTradePage"] = async () => {
    throw new PolytapeError("operating", "rows_disordered", "newer than the one before");
  };
  const run = () => tape.run({ source: { readTradePage } });

  expect([await run(), await run()]).toMatchObject([{ walk: "restarts" }, { walk: "restarts" }]);
  await expect(run()).rejects.toMatchObject({ code: "rows_disordered" });
});

test("covers only complete seconds when the first walk stops at its budget", async () => {
  const feed = aFeed(someRows(100), { pageRowsMax: 10 });
  const tape = aTape(feed, { pagesMax: 2, batchRowsMax: 5_000 });

  const report = await tape.run();

  expect(report).toMatchObject({ walk: "closed", end: "budget", stored: 20 });
  const checkpoint = await tape.store.checkpoints.read("trades:live");
  // 20 rows at 3 a second: the seventh second is cut in two.
  expect(checkpoint?.state).toMatchObject({ coveredFromSeconds: start - 5 });
});

test("starts the walk again from the head when the upstream no longer knows the cursor", async () => {
  const feed = aFeed(someRows(30));
  const tape = aTape(feed);
  await tape.run();
  feed.add(...someRows(60, { newestSecond: start + 40 }));
  const paged = aFeed(feed.rows, { pageRowsMax: 10 });
  await tape.run({ source: paged, budget: { pagesMax: 2, batchRowsMax: 10 } });
  paged.failNext(new PolytapeError("operating", "cursor_refused", "unknown cursor"));

  expect(await tape.run({ source: paged })).toMatchObject({ walk: "restarts" });
  expect(await tape.run({ source: paged })).toMatchObject({ walk: "closed", end: "anchor" });
  expect(multiset(await tape.stored())).toEqual(multiset(feed.rows));
});

test("lets one of two runs at once go on, and stores every trade once", async () => {
  const feed = aFeed(someRows(60), { pageRowsMax: 5 });
  const tape = aTape(feed, { pagesMax: 20, batchRowsMax: 5 });

  const reports = await Promise.all([tape.run(), tape.run()]);
  await tape.run();

  expect(reports.map((report) => report["walk"])).toContain("held_by_another_run");
  expect(multiset(await tape.stored())).toEqual(multiset(feed.rows));
});

test("stops reading when its time is over and leaves the walk open", async () => {
  const feed = aFeed(someRows(30), { pageRowsMax: 10 });
  const tape = aTape(feed);

  const report = await tape.run({ signal: AbortSignal.abort() });

  expect(report).toMatchObject({ walk: "open", pages: 1 });
});
