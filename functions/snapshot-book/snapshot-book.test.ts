import {
  type Book,
  DAY_MS,
  hasCode,
  type ObservedBook,
  PolytapeError,
  type RejectedRecord,
} from "@polytape/market-model";
import { aBook, aMarket, aTrade } from "@polytape/market-model/testing";
import { inMemoryStore } from "@polytape/market-store/in-memory";
import { inMemorySource } from "@polytape/polymarket-source/in-memory";
import { expect, test } from "vitest";
import { snapshotBook } from "./snapshot-book.ts";

const START = 1_790_000_100_000;

/** Two tokens of one market, a clock that tests turn, and the books as the upstream has them. */
async function aDesk() {
  let nowMs = START;
  const now = () => nowMs;
  const store = inMemoryStore({ now });
  await store.markets.storeMarkets([aMarket()], START - 1);
  const source = inMemorySource({ now });
  const serve = (...books: (ObservedBook | RejectedRecord)[]) => source.serve({ books });
  serve(seen({ assetId: "1001" }), seen({ assetId: "1002" }));
  return {
    deps: {
      source,
      store,
      levelsMax: 25,
      marketsMax: 50,
      assetIds: null,
      now,
      signal: new AbortController().signal,
    },
    serve,
    turnTo: (ms: number) => {
      nowMs = ms;
    },
    bookOf: (assetId: string, atMs = nowMs) => store.books.findBook({ assetId, atMs, match: "before" }),
  };
}

function seen(changes: Partial<Book>, observedAtMs = START): ObservedBook {
  return { ...aBook({ hash: `hash of ${changes.tsMs ?? "the first"}`, ...changes }), observedAtMs };
}

test("stores the books of both outcomes of the most active markets", async () => {
  const desk = await aDesk();

  const report = await snapshotBook(desk.deps);

  expect(report).toMatchObject({ tokens: 2, unread: 0, stored: 2, missing: 0, unverified: 0 });
  expect(await desk.bookOf("1002")).toMatchObject({ assetId: "1002", verified: true });
});

test("a second look at unchanged books stores nothing and moves the time they were last seen", async () => {
  const desk = await aDesk();
  await snapshotBook(desk.deps);

  desk.turnTo(START + 10_000);
  desk.serve(seen({ assetId: "1001" }, START + 10_000), seen({ assetId: "1002" }, START + 10_000));
  const report = await snapshotBook(desk.deps);

  expect(report).toMatchObject({ stored: 0, repeated: 0, unchanged: 2 });
  expect(await desk.bookOf("1001")).toMatchObject({ observedAtMs: START, lastSeenAtMs: START + 10_000 });
});

test("a changed book leaves its predecessor with the last moment it stood", async () => {
  const desk = await aDesk();
  await snapshotBook(desk.deps);
  desk.serve(seen({ assetId: "1001" }, START + 10_000));
  await snapshotBook(desk.deps);

  desk.serve(seen({ assetId: "1001", tsMs: START + 15_000 }, START + 20_000));
  const report = await snapshotBook(desk.deps);

  expect(report).toMatchObject({ stored: 1 });
  expect(await desk.bookOf("1001", START + 14_000)).toMatchObject({ lastSeenAtMs: START + 10_000 });
  expect(await desk.bookOf("1001", START + 15_000)).toMatchObject({ tsMs: START + 15_000 });
});

test("an older book never replaces a newer one", async () => {
  const desk = await aDesk();
  desk.serve(seen({ assetId: "1001", tsMs: START }));
  await snapshotBook(desk.deps);
  const remembered = (await desk.deps.store.checkpoints.read("books"))?.state;

  desk.serve(seen({ assetId: "1001", tsMs: START - 5_000 }, START + 10_000));
  const report = await snapshotBook(desk.deps);

  expect(report).toMatchObject({ older: 1, stored: 0 });
  expect((await desk.deps.store.checkpoints.read("books"))?.state).toEqual(remembered);
});

test("keeps the best levels and no more", async () => {
  const desk = await aDesk();
  const ladder = (from: number, step: number) =>
    Array.from({ length: 5 }, (_, index) => ({ price: String((from + step * index) / 100), size: "1" }));
  desk.serve(seen({ assetId: "1001", bids: ladder(50, -1), asks: ladder(51, 1) }));

  await snapshotBook({ ...desk.deps, levelsMax: 2 });

  const book = await desk.bookOf("1001");
  expect(book?.bids.map(({ price }) => price)).toEqual(["0.5", "0.49"]);
  expect(book?.asks.map(({ price }) => price)).toEqual(["0.51", "0.52"]);
});

test("stores a book whose hash disagrees as unverified, counts it and records the gap", async () => {
  const desk = await aDesk();
  desk.serve(seen({ assetId: "1001", verified: false }), seen({ assetId: "1002" }));

  const report = await snapshotBook(desk.deps);

  expect(report).toMatchObject({ stored: 2, unverified: 1 });
  expect((await desk.bookOf("1001"))?.verified).toBe(false);
  const gaps = await desk.deps.store.coverage.findIntervals({
    stream: "books",
    fromMs: 0,
    toMs: START * 2,
    limit: 10,
  });
  expect(gaps).toMatchObject([{ assetId: "1001", state: "partial", cause: "hash_mismatch", toMs: START }]);
});

test("counts tokens without a book and malformed books, and stores the others", async () => {
  const desk = await aDesk();
  const rejected: RejectedRecord = { kind: "book", reason: "hash: missing", raw: {}, receivedAtMs: START };
  desk.serve(seen({ assetId: "1001" }), rejected);

  const report = await snapshotBook(desk.deps);

  expect(report).toMatchObject({ stored: 1, missing: 1, rejected: 1 });
  expect(await desk.deps.store.rejections.findSamples({ kind: "book", limit: 10 })).toHaveLength(1);
});

// Books first, what was seen last: the other way round a crash would leave a change that is never stored.
test.each([{ afterEffect: false }, { afterEffect: true }])(
  "a crash around storing books or what was seen is healed by the next run (%o)",
  async (options) => {
    for (const call of ["books.storeBooks", "checkpoints.write"] as const) {
      const desk = await aDesk();
      desk.deps.store.failNext(call, options);

      const failed = await snapshotBook(desk.deps).catch((error: unknown) => error);
      await snapshotBook(desk.deps);

      expect(hasCode(failed, "store_unavailable")).toBe(true);
      expect(await desk.bookOf("1001")).toMatchObject({ observedAtMs: START });
      expect(await desk.bookOf("1002")).not.toBeNull();
      expect(await snapshotBook(desk.deps)).toMatchObject({ unchanged: 2, stored: 0 });
    }
  },
);

test("follows no more markets than it may", async () => {
  const desk = await aDesk();
  const other = aMarket({
    marketId: `0x${"f".repeat(64)}`,
    volume24h: 1e6,
    outcomes: [
      { name: "Yes", assetId: "2001", probability: null, winner: null },
      { name: "No", assetId: null, probability: null, winner: null },
    ],
  });
  await desk.deps.store.markets.storeMarkets([other], START);

  const report = await snapshotBook({ ...desk.deps, marketsMax: 1 });

  expect(report).toMatchObject({ tokens: 1 });
  expect(desk.deps.source.calls.map(({ argument }) => argument)).toEqual([["2001"]]);
});

test("asks for no further tokens once the time is up and says how many are unread", async () => {
  const desk = await aDesk();

  const report = await snapshotBook({ ...desk.deps, signal: AbortSignal.abort() });

  expect(report).toMatchObject({ tokens: 2, unread: 2 });
  expect(desk.deps.source.calls).toEqual([]);
});

test("a failure tells what was stored before it", async () => {
  const desk = await aDesk();
  const assetIds = Array.from({ length: 250 }, (_, index) => String(1_000 + index));
  desk.serve(...assetIds.map((assetId) => seen({ assetId })));
  desk.deps.source.failCall(2, new PolytapeError("operating", "upstream_unavailable", "away"));

  const failed = await snapshotBook({ ...desk.deps, assetIds }).catch((error: unknown) => error);

  expect(failed).toMatchObject({ code: "upstream_unavailable", facts: { stored: 200, repeated: 0 } });
});

test("time that runs out within a call keeps what was seen before it", async () => {
  const desk = await aDesk();
  const assetIds = Array.from({ length: 450 }, (_, index) => String(5_000 + index));
  desk.serve(...assetIds.map((assetId) => seen({ assetId })));
  desk.deps.source.failCall(2, new PolytapeError("operating", "call_aborted", "the call's time is up"));

  const report = await snapshotBook({ ...desk.deps, assetIds });

  expect(report).toMatchObject({ unread: 250, stored: 200 });
  expect(await snapshotBook({ ...desk.deps, assetIds })).toMatchObject({ unchanged: 200, stored: 250 });
});

// The most active tokens stand first: begun with them, every run would leave the same ones.
test("begins with the tokens that the last run had no time for", async () => {
  const desk = await aDesk();
  const assetIds = Array.from({ length: 450 }, (_, index) => String(5_000 + index));
  desk.serve(...assetIds.map((assetId) => seen({ assetId })));
  const timeUp = new PolytapeError("operating", "call_aborted", "the call's time is up");
  const runs: unknown[] = [];

  for (let run = 0; run < 3; run += 1) {
    desk.deps.source.failCall(2, timeUp);
    runs.push(await snapshotBook({ ...desk.deps, assetIds }));
  }

  expect(runs).toMatchObject([
    { unread: 250, stored: 200 },
    { unread: 250, stored: 200 },
    { unread: 250, stored: 50, unchanged: 150 },
  ]);
});

test("another book of a stored one's millisecond is counted, recorded and not remembered", async () => {
  const desk = await aDesk();
  await snapshotBook(desk.deps);

  for (const observedAtMs of [START + 10_000, START + 20_000]) {
    desk.turnTo(observedAtMs);
    desk.serve(
      seen({ assetId: "1001", hash: "other" }, observedAtMs),
      seen({ assetId: "1002" }, observedAtMs),
    );
    expect(await snapshotBook(desk.deps)).toMatchObject({
      collided: 1,
      repeated: 0,
      stored: 0,
      unchanged: 1,
    });
  }

  expect(await desk.bookOf("1001")).toMatchObject({ hash: "hash of the first", lastSeenAtMs: START });
  const gaps = await desk.deps.store.coverage.findIntervals({
    stream: "books",
    fromMs: 0,
    toMs: START * 2,
    limit: 10,
  });
  expect(gaps).toMatchObject([{ assetId: "1001", state: "partial", fromMs: START, toMs: START + 20_000 }]);
});

test("a book that a crashed run stored is not remembered by another hash", async () => {
  const desk = await aDesk();
  desk.deps.store.failNext("checkpoints.write");
  await snapshotBook(desk.deps).catch((error: unknown) => error);

  desk.serve(seen({ assetId: "1001", hash: "other" }, START + 10_000), seen({ assetId: "1002" }));
  const report = await snapshotBook(desk.deps);

  expect(report).toMatchObject({ collided: 1, repeated: 1, stored: 0 });
  const remembered = await desk.deps.store.checkpoints.read("books");
  expect(remembered?.state).toMatchObject({ tokens: { "1002": {} } });
  expect(remembered?.state).not.toMatchObject({ tokens: { "1001": {} } });
});

test("reads many tokens in several goes and remembers them all", async () => {
  const desk = await aDesk();
  const assetIds = Array.from({ length: 450 }, (_, index) => String(5_000 + index));
  desk.serve(...assetIds.map((assetId) => seen({ assetId })));

  const report = await snapshotBook({ ...desk.deps, assetIds });

  expect(report).toMatchObject({ tokens: 450, unread: 0, stored: 450 });
  expect(desk.deps.source.calls).toHaveLength(3);
  expect(await snapshotBook({ ...desk.deps, assetIds })).toMatchObject({ unchanged: 450 });
});

test("forgets tokens that were not followed for a day", async () => {
  const desk = await aDesk();
  await snapshotBook({ ...desk.deps, assetIds: ["1001"] });

  desk.turnTo(START + DAY_MS + 1);
  desk.serve(seen({ assetId: "1002" }, START + DAY_MS + 1));
  await snapshotBook({ ...desk.deps, assetIds: ["1002"] });

  const remembered = await desk.deps.store.checkpoints.read("books");
  expect(remembered?.state).toMatchObject({ tokens: { "1002": {} } });
  expect(remembered?.state).not.toMatchObject({ tokens: { "1001": {} } });
});

test("two runs at once store every book once, and who was overtaken says so", async () => {
  const desk = await aDesk();

  const reports = await Promise.all([snapshotBook(desk.deps), snapshotBook(desk.deps)]);

  expect(reports.filter((report) => report["overlapped"] === true)).toHaveLength(1);
  expect(reports.map((report) => report["stored"])).toContain(2);
});

test("refuses a checkpoint of an unknown shape instead of quietly starting anew", async () => {
  const desk = await aDesk();
  await desk.deps.store.checkpoints.write("books", { tokens: "none" }, null);

  const failed = await snapshotBook(desk.deps).catch((error: unknown) => error);

  expect(hasCode(failed, "checkpoint_malformed")).toBe(true);
});

// Books give way before trades: the last of the disk is for what cannot be had again.
test("reads no book while the store is short of disk, and goes on by itself when there is room", async () => {
  const desk = await aDesk();
  desk.deps.store.showRoom({ shortOf: "disk", reason: "disk past the high watermark (90%)" });

  const short = await snapshotBook(desk.deps);
  const calls = desk.deps.source.calls.length;
  desk.deps.store.showRoom({ shortOf: null, reason: null });
  const roomy = await snapshotBook(desk.deps);

  expect(short).toEqual({
    skipped: "the store is short of disk",
    reason: "disk past the high watermark (90%)",
  });
  expect(calls).toBe(0);
  expect(roomy).toMatchObject({ stored: 2 });
});

// What the store has time for is for the trades that it refused.
test("reads no book after a write of trades was refused, and goes on when none is refused any more", async () => {
  const desk = await aDesk();
  const { store, source } = desk.deps;
  const trades = [aTrade()];
  store.refuseWrites("store_busy");
  await expect(store.trades.createTrades(trades)).rejects.toMatchObject({ code: "store_busy" });
  store.refuseWrites(null);

  const busy = await snapshotBook(desk.deps);
  const calls = source.calls.length;

  expect(busy).toEqual({
    skipped: "the store is short of capacity",
    reason: "writes refused since the last look: 1",
  });
  expect(calls).toBe(0);
  expect(await store.trades.createTrades(trades)).toEqual({ stored: 1, repeated: 0 });
  expect(await snapshotBook(desk.deps)).toMatchObject({ stored: 2 });
});
