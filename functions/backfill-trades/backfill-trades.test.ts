import { PolytapeError, type TradeRow } from "@polytape/market-model";
import { aMarket } from "@polytape/market-model/testing";
import { VISIBLE_AFTER_MS } from "@polytape/market-store";
import { expect, test } from "vitest";
import { aBackfill, aDay, complete, DAY_SECONDS, multiset, NOW_SECONDS } from "./a-backfill.ts";
import { backfillSchema } from "./backfill-state.ts";
import { backfillTrades } from "./backfill-trades.ts";

const from = NOW_SECONDS - DAY_SECONDS;

const since = (rows: readonly TradeRow[], seconds: number) => rows.filter((row) => row.tsSeconds >= seconds);

test("stores every trade of the days wanted once, and says that it has them all", async () => {
  const rows = aDay();
  const tape = aBackfill(rows);

  const report = await tape.run();

  const firstSecond = from + 1;
  expect(report).toMatchObject({ outcome: "done", backfill: "first", done_percent: 100, repeated: 0 });
  expect(multiset(await tape.stored())).toEqual(multiset(since(rows, firstSecond)));
  expect(complete(await tape.intervals())).toEqual([[firstSecond, NOW_SECONDS + 1]]);
  expect((await tape.intervals())[0]?.evidence).toMatchObject({ walk_id: expect.any(String), rejected: 0 });
});

// Otherwise nobody would ever prove what lies between its upper end and the live tail's first second.
test("begins when all that it is to prove has settled", async () => {
  const tape = aBackfill(aDay());

  const planned = await backfillTrades(tape.parts, {});
  tape.clock.nowMs += 599_000;

  expect([planned, await backfillTrades(tape.parts, {})]).toEqual([
    { outcome: "nothing_to_do" },
    { outcome: "nothing_to_do" },
  ]);
  expect(tape.feed.calls).toEqual([]);
  tape.clock.nowMs += 1_000;
  expect(await backfillTrades(tape.parts, {})).toEqual({ outcome: "jobs_sent", backfills: ["first"] });
  expect(tape.feed.calls).toEqual([]);
  expect(await backfillTrades(tape.parts, { backfill: "first" })).toMatchObject({ outcome: "done" });
  expect(complete(await tape.intervals())).toEqual([[from, NOW_SECONDS]]);
});

test("is done once: later ticks read and write nothing", async () => {
  const tape = aBackfill(aDay());
  await tape.run();
  const { length } = tape.feed.calls;
  const messages = tape.bus.messages.length;

  expect(await tape.run()).toEqual({ outcome: "nothing_to_do" });
  expect(tape.feed.calls).toHaveLength(length);
  expect(tape.bus.messages).toHaveLength(messages);
});

test("changes nothing on the tape when the same is asked for again by hand", async () => {
  const tape = aBackfill(aDay());
  await tape.run();
  const request = {
    from: new Date((from + 1_200) * 1_000).toISOString(),
    to: new Date(NOW_SECONDS * 1_000).toISOString(),
  };
  const before = await tape.stored();

  const report = await tape.run(request);
  const again = await tape.run(request);

  expect([report, again]).toMatchObject([
    { outcome: "done", stored: 0 },
    { outcome: "done", stored: 0 },
  ]);
  expect(report["backfill"]).toBe(again["backfill"]);
  expect(await tape.stored()).toEqual(before);
});

test("goes on in the next call where its budget ended, and asks for that call", async () => {
  const rows = aDay();
  const tape = aBackfill(rows, { budget: { pagesMax: 3, batchPages: 2 } });

  const report = await tape.run();
  const called = tape.jobs();
  const ticks = await tape.runToEnd();

  expect(report).toMatchObject({
    outcome: "running",
    pages: 3,
    rows: 21,
    estimate: { rows: expect.any(Number) },
  });
  expect(report["done_percent"]).toBeGreaterThan(10);
  expect(called).toHaveLength(1);
  expect(ticks).toBeGreaterThan(4);
  expect(multiset(await tape.stored())).toEqual(multiset(since(rows, from + 1)));
  // No page twice: the calls read one walk.
  expect(tape.feed.calls).toHaveLength(Math.ceil(since(rows, from + 1).length / 7));
});

// An answer in between could say "complete" and lack the rows that made it so.
test("says nothing before readers can see the rows, and then only what it has read whole seconds of", async () => {
  const tape = aBackfill(aDay(), { budget: { pagesMax: 3, batchPages: 2 } });
  const tooSoon = VISIBLE_AFTER_MS - 2_000;

  await tape.run();
  const oldest = (await tape.stored()).at(-1)?.tsSeconds ?? 0;
  const [atOnce] = [await tape.intervals()];
  tape.clock.nowMs += tooSoon;
  await tape.run();
  const soon = await tape.intervals();
  tape.clock.nowMs += VISIBLE_AFTER_MS - tooSoon;
  await tape.run();

  expect([atOnce, soon]).toEqual([[], []]);
  const [[provenFrom, provenTo] = []] = complete(await tape.intervals());
  expect(provenTo).toBe(NOW_SECONDS + 1);
  expect(provenFrom).toBeLessThanOrEqual(oldest + 1);
  const { pending } = backfillSchema.parse((await tape.store.checkpoints.read("backfill:first"))?.state);
  expect(pending[0]?.intervals[0]?.toMs).toBe((provenFrom ?? 0) * 1_000);
});

test("waits once, at its end, for its last rows to be seen", async () => {
  const pauses: number[] = [];
  const pause = async (ms: number) => void pauses.push(ms);
  const tape = aBackfill(aDay(), { budget: { pagesMax: 3, batchPages: 2 }, pause });

  await tape.runToEnd();

  expect(pauses).toEqual([VISIBLE_AFTER_MS]);
});

test("sets a bad record aside and stores the others", async () => {
  const rows = aDay(30);
  const bad = { kind: "trade", reason: "side: HOLD", raw: { side: "HOLD" }, receivedAtMs: 1 } as const;
  const tape = aBackfill([...rows.slice(0, 4), bad, ...rows.slice(4)]);

  expect(await tape.run()).toMatchObject({ outcome: "done", rejected: 1 });
  expect(multiset(await tape.stored())).toEqual(multiset(since(rows, from + 1)));
  expect(await tape.store.rejections.findSamples({ limit: 9 })).toHaveLength(1);
});

test("begins at the head again when its cursor is refused, and gives up after a bounded number of times", async () => {
  const tape = aBackfill(aDay(), { budget: { pagesMax: 2, batchPages: 2 } });
  await tape.run();
  const refused = () => new PolytapeError("operating", "cursor_refused", "no longer known");
  tape.feed.failCall(1, refused());
  expect(await tape.run()).toMatchObject({ outcome: "restarts" });
  await tape.runToEnd();
  expect(multiset(await tape.stored())).toEqual(multiset(since(aDay(), from + 1)));

  const stuck = aBackfill(aDay());
  const outcomes: unknown[] = [];
  for (let tick = 0; tick < 8; tick += 1) {
    stuck.feed.failCall(1, refused());
    outcomes.push((await stuck.run())["outcome"]);
  }
  expect(outcomes).toEqual([...Array(5).fill("restarts"), "failed", "nothing_to_do", "nothing_to_do"]);
});

test("keeps what was read before the upstream failed, and goes on there", async () => {
  const tape = aBackfill(aDay());
  tape.feed.failCall(4);

  await expect(tape.run()).rejects.toMatchObject({
    code: "upstream_unavailable",
    facts: { rows: 21, stored: 21, repeated: 0, rejected: 0 },
  });
  const stored = (await tape.stored()).length;
  await tape.runToEnd();

  expect(stored).toBe(21);
  expect(multiset(await tape.stored())).toEqual(multiset(since(aDay(), from + 1)));
});

// The live tail shares the upstream's limits: whoever hurries on takes them from it.
// Rows that the upstream does not show yet would be missing in what the walk calls complete.
test("waits while the upstream is behind, and proves nothing by what it read meanwhile", async () => {
  const tape = aBackfill(aDay());
  tape.upstream.lagSeconds = 900;
  const waiting = [await tape.run(), await tape.run()];
  expect(tape.feed.calls).toEqual([]);

  tape.upstream.lagSeconds = 4;
  const readTradePage: typeof tape.parts.source.readTradePage = async (query) => {
    tape.upstream.lagSeconds = 900;
    return tape.parts.source.readTradePage(query);
  };
  waiting.push(await tape.run({}, { source: { ...tape.parts.source, readTradePage } }));
  expect(await tape.intervals()).toEqual([]);

  tape.upstream.lagSeconds = 4;
  await tape.runToEnd();

  expect(waiting.map(({ outcome }) => outcome)).toEqual(Array(3).fill("upstream_behind"));
  expect(multiset(await tape.stored())).toEqual(multiset(since(aDay(), from + 1)));
  expect(complete(await tape.intervals())).toEqual([[from + 1, expect.any(Number)]]);
});

test("asks for no next call when it is throttled", async () => {
  const tape = aBackfill(aDay(), { budget: { pagesMax: 5, batchPages: 2 } });
  tape.feed.failCall(3, new PolytapeError("operating", "upstream_throttled", "slower"));

  expect(await tape.run()).toMatchObject({ outcome: "throttled", pages: 2 });
  expect(tape.jobs()).toEqual([]);
  expect(await tape.run()).toMatchObject({ outcome: "running" });
});

test("says that what the upstream no longer serves is missing, but for what was collected before", async () => {
  const rows = since(aDay(), NOW_SECONDS - DAY_SECONDS / 2);
  // Of the oldest second that is served a part may be cut off.
  const served = (rows.at(-1)?.tsSeconds ?? 0) + 1;
  const known = { fromMs: (from + 3_600) * 1_000, toMs: (from + 7_200) * 1_000 };
  const tape = aBackfill(rows);
  await tape.store.coverage.recordIntervals([
    {
      stream: "trades",
      marketId: null,
      assetId: null,
      state: "complete",
      cause: null,
      evidence: {},
      ...known,
    },
  ]);

  expect(await tape.run()).toMatchObject({ outcome: "done", missing_before: served });

  const missing = (await tape.intervals()).filter(({ state }) => state === "missing");
  expect(missing.map(({ fromMs, toMs, cause }) => [fromMs / 1_000, toMs / 1_000, cause])).toEqual([
    [from + 1, from + 3_600, "upstream_cap"],
    [from + 7_200, served, "upstream_cap"],
  ]);
  expect(complete(await tape.intervals())).toEqual([
    [from + 3_600, from + 7_200],
    [served, NOW_SECONDS + 1],
  ]);
});

test("fills in one market by its own feed, which is complete below its first trade", async () => {
  const marketId = `0x${"d4".repeat(32)}`;
  const other = aDay(30).map((row) => ({ ...row, marketId }));
  const rows = aDay(60).flatMap((row, index) => [row, ...other.slice(index, index + 1)]);
  const tape = aBackfill(
    [...rows].sort((a, b) => b.tsSeconds - a.tsSeconds),
    {
      bounds: { backfillDays: 0, retentionDays: 90 },
    },
  );
  tape.feed.serve({ markets: [aMarket({ marketId })] });
  const asked = from - 5 * DAY_SECONDS;

  const report = await tape.run({ from: new Date(asked * 1_000).toISOString(), market_id: marketId });

  expect(report).toMatchObject({ outcome: "end_to_confirm", stored: 30 });
  expect(await tape.run()).toMatchObject({ outcome: "done", stored: 0 });
  expect(multiset(await tape.stored())).toEqual(multiset(other));
  expect(tape.feed.calls.map(({ method }) => method)).toContain("findMarkets");
  expect(await tape.intervals()).toMatchObject([{ marketId, state: "complete", fromMs: asked * 1_000 }]);
  expect(await tape.run()).toEqual({ outcome: "nothing_to_do" });
});

test("several take turns, so that a long one does not keep the others waiting", async () => {
  const tape = aBackfill(aDay(), { budget: { pagesMax: 2, batchPages: 2 } });
  await tape.run();
  const byHand = await tape.run({ from: new Date((NOW_SECONDS - 43_200) * 1_000).toISOString() });

  const turns = [await tape.run(), await tape.run(), await tape.run()].map((report) => report["backfill"]);

  expect(turns).toEqual(["first", byHand["backfill"], "first"]);
});

test.each([
  [{ from: "2020-01-01T00:00:00Z" }, "RETENTION_DAYS is 90"],
  [{ from: "2026-09-19T12:00:00Z" }, "set BACKFILL_DAYS (it is 1)"],
  // All between its begin and now is read, whatever its end.
  [{ from: "2026-09-19T00:00:00Z", to: "2026-09-19T01:00:00Z" }, "2.6 days (all markets"],
  [
    { from: "2026-09-01T00:00:00Z", to: "2026-09-03T12:00:00Z", market_id: `0x${"a1".repeat(32)}` },
    "2.5 days",
  ],
  [{ from: "2026-09-21T00:00:00Z", to: "2026-09-20T00:00:00Z" }, "must lie before"],
  [{ from: "2099-01-01T00:00:00Z" }, "must lie before"],
])("refuses %o", async (input, sentence) => {
  const tape = aBackfill(aDay());

  await expect(tape.run(input)).rejects.toMatchObject({
    kind: "input",
    message: expect.stringContaining(sentence),
  });
  expect(tape.feed.calls).toEqual([]);
});
