import { createLog } from "@polytape/function-runtime";
import { DAY_MS, hasCode, PolytapeError } from "@polytape/market-model";
import type { EventIndex } from "@polytape/market-store";
import { inMemoryStore } from "@polytape/market-store/in-memory";
import { expect, test } from "vitest";
import { type EnforceRetentionParts, enforceRetention, retentionInput } from "./enforce-retention.ts";

const TODAY = Date.parse("2026-11-22T00:00:00Z");
const NOON = TODAY + DAY_MS / 2;
const tick = retentionInput.parse({});

const dayName = (dayMs: number) =>
  `trades_v1-${new Date(dayMs).toISOString().slice(0, 10).replaceAll("-", ".")}`;

/** The trades of the day that began so many days ago. */
function aDay(daysAgo: number, bytes = 100): EventIndex {
  const endsMs = TODAY - (daysAgo - 1) * DAY_MS;
  return {
    name: dayName(endsMs - DAY_MS),
    kind: "trades",
    endsMs,
    isWritten: false,
    bytes,
    documents: 10,
  };
}

/** The candles of the month that ended then. */
function aMonthBefore(day: string): EventIndex {
  const endsMs = Date.parse(`${day}T00:00:00Z`);
  const name = `candles_v1-${new Date(endsMs - 1).toISOString().slice(0, 7).replace("-", ".")}`;
  return { name, kind: "candles", endsMs, isWritten: false, bytes: 50, documents: 1 };
}

function books(number: number, endsMs: number | null, isWritten = false): EventIndex {
  const name = `orderbook_snapshots_v1-${String(number).padStart(6, "0")}`;
  return { name, kind: "books", endsMs, isWritten, bytes: 1_000, documents: 5 };
}

const lastDays = (count: number) => Array.from({ length: count }, (_, daysAgo) => aDay(daysAgo));

/** A tape with events up to now that keeps ten days. */
function aTape(indices: EventIndex[], changed: Partial<EnforceRetentionParts> = {}) {
  const store = inMemoryStore({ now: () => NOON });
  store.shelf.indices = indices;
  store.shelf.newestEventMs = NOON - 1_000;
  const clock = { nowMs: NOON };
  const parts: EnforceRetentionParts = {
    store,
    retentionDays: 10,
    budget: { indicesMax: 100, documentsAtOnce: 2 },
    rollover: { primaryShardBytesMax: 1, ageMsMax: 1 },
    now: () => clock.nowMs,
    signal: new AbortController().signal,
    log: createLog("test", () => {}),
    ...changed,
  };
  return {
    store,
    clock,
    run: (body: object = {}) => enforceRetention(parts, retentionInput.parse(body)),
    names: () => store.shelf.indices.map(({ name }) => name),
  };
}

test("deletes the days, months and books that ended before the days that are kept, and nothing else", async () => {
  const month = aMonthBefore("2026-11-01");
  const kept = [
    ...lastDays(11),
    aMonthBefore("2026-12-01"),
    books(2, TODAY - 9 * DAY_MS),
    books(3, TODAY - 30 * DAY_MS, true),
  ];
  const tape = aTape([...kept, aDay(11), aDay(12), month, books(1, TODAY - 11 * DAY_MS)]);

  const report = await tape.run();

  expect(report).toMatchObject({
    outcome: "done",
    kept_from: "2026-11-12T00:00:00.000Z",
    trade_days: 2,
    candle_months: 1,
    book_indices: 1,
    freed_bytes: 1_250,
    still_due: 0,
  });
  expect(tape.names().sort()).toEqual(kept.map(({ name }) => name).sort());
});

test("a second run finds nothing to do", async () => {
  const tape = aTape(lastDays(14));
  tape.store.shelf.coverageDays = lastDays(14).map(({ endsMs }) => (endsMs ?? 0) - DAY_MS);
  await tape.run();
  const left = tape.names();

  const report = await tape.run();

  expect(report).toMatchObject({ deleted: [], freed_bytes: 0, coverage_days: 0 });
  expect(tape.names()).toEqual(left);
  expect(tape.store.shelf.coverageDays).toHaveLength(11);
});

test("two runs at once delete everything once between them", async () => {
  const tape = aTape(lastDays(14));

  const reports = await Promise.all([tape.run(), tape.run()]);

  expect(tape.names()).toHaveLength(11);
  expect(reports.reduce((sum, report) => sum + Number(report["trade_days"]), 0)).toBe(3);
});

// The other way round the ledger would call a day complete of which nothing is left.
test("forgets what is known about a day before the day, and goes on where a crash stopped it", async () => {
  const tape = aTape(lastDays(14));
  tape.store.shelf.coverageDays = lastDays(14).map(({ endsMs }) => (endsMs ?? 0) - DAY_MS);
  tape.store.failNext("retention.dropIndex");

  const failed = await tape.run().catch((error: unknown) => error);
  const afterCrash = { days: tape.names().length, known: tape.store.shelf.coverageDays.length };
  const report = await tape.run();

  expect(hasCode(failed, "store_unavailable")).toBe(true);
  expect(afterCrash).toEqual({ days: 14, known: 11 });
  expect(report).toMatchObject({ trade_days: 3, coverage_days: 0 });
});

test("deletes no day while something is still said about it", async () => {
  const tape = aTape(lastDays(14), { budget: { indicesMax: 100, documentsAtOnce: 1 } });
  tape.store.shelf.coverageDays = Array.from({ length: 30 }, (_, place) => TODAY - (20 + place) * DAY_MS);

  const first = await tape.run();
  const second = await tape.run();

  expect(first).toMatchObject({ trade_days: 0, coverage_days: 20, still_due: 3 });
  expect(second).toMatchObject({ trade_days: 3, coverage_days: 10, still_due: 0 });
});

// A ledger day that is written while it is being deleted stays, and would outlive the trades that it speaks of.
test("deletes no day while what is said about it is being written, and all of them afterwards", async () => {
  const tape = aTape(lastDays(14));
  const { retention, checkpoints } = tape.store;
  let isWritten = true;
  const dropCoverage = async () => ({ count: 0, isAll: !isWritten });
  const { run } = aTape([], { store: { checkpoints, retention: { ...retention, dropCoverage } } });

  const meanwhile = await run();
  isWritten = false;
  const afterwards = await run();

  expect(meanwhile).toMatchObject({ trade_days: 0, still_due: 3 });
  expect(afterwards).toMatchObject({ trade_days: 3, still_due: 0 });
});

test("leaves what it cannot read alone and says so, as it does of days that have not begun", async () => {
  const tape = aTape([...lastDays(12), aDay(-400), books(1, null)]);
  tape.store.shelf.unreadable = ["trades_v1-2019"];

  const report = await tape.run();

  expect(report).toMatchObject({
    trade_days: 1,
    left_alone: ["trades_v1-2019"],
    in_the_future: [dayName(TODAY + 400 * DAY_MS)],
  });
  expect(tape.names()).toContain("orderbook_snapshots_v1-000001");
});

test("deletes the oldest first within its budget, and the rest the next time", async () => {
  const tape = aTape(lastDays(17), { budget: { indicesMax: 4, documentsAtOnce: 2 } });

  const first = await tape.run();
  const second = await tape.run();

  expect(first).toMatchObject({ trade_days: 4, still_due: 2 });
  expect(first["deleted"]).toEqual([16, 15, 14, 13].map((daysAgo) => aDay(daysAgo).name));
  expect(second).toMatchObject({ trade_days: 2, still_due: 0 });
});

test("stops when its time is over", async () => {
  const tape = aTape(lastDays(17), { signal: AbortSignal.abort() });

  expect(await tape.run()).toMatchObject({ trade_days: 0, still_due: 6 });
});

test("a clock that runs years ahead deletes nothing that is not old by the newest event", async () => {
  const tape = aTape(lastDays(12));
  tape.clock.nowMs += 800 * DAY_MS;

  const report = await tape.run();

  expect(report).toMatchObject({ kept_from: "2026-11-12T00:00:00.000Z", days_without_events: 800 });
  expect(tape.names()).toHaveLength(11);
});

test("a clock that runs behind deletes less", async () => {
  const tape = aTape(lastDays(14));
  tape.clock.nowMs -= 2 * DAY_MS;

  expect(await tape.run()).toMatchObject({ trade_days: 1 });
});

test("catches up on a week that was missed without being asked", async () => {
  const tape = aTape(lastDays(18));

  expect(await tape.run()).toMatchObject({ outcome: "done", trade_days: 7 });
});

// RETENTION_DAYS=9 where 90 was meant.
test("refuses to delete most of the tape at once until somebody confirms it", async () => {
  const tape = aTape(lastDays(90), { retentionDays: 9 });
  tape.store.shelf.coverageDays = [TODAY - 80 * DAY_MS];

  const refused = await tape.run();
  const untouched = { days: tape.names().length, known: tape.store.shelf.coverageDays.length };
  const confirmed = await tape.run({ confirm: true });

  expect(refused).toMatchObject({ outcome: "refused", trade_days: 0, still_due: 80 });
  expect(untouched).toEqual({ days: 90, known: 1 });
  expect(confirmed).toMatchObject({ outcome: "done", trade_days: 80 });
});

// The same mistake where only books are collected: one index a week, and not one day of trades.
test("refuses to delete most of the books at once until somebody confirms it", async () => {
  const weeks = Array.from({ length: 10 }, (_, place) => books(place + 1, TODAY - (10 + 7 * place) * DAY_MS));
  const tape = aTape([...weeks, books(11, TODAY, true)], { retentionDays: 9 });

  const refused = await tape.run();
  const untouched = tape.names().length;
  const confirmed = await tape.run({ confirm: true });

  expect(refused).toMatchObject({ outcome: "refused", book_indices: 0, still_due: 10 });
  expect(untouched).toBe(11);
  expect(confirmed).toMatchObject({ outcome: "done", book_indices: 10 });
});

test("refuses to delete most months of candles at once, though nothing else is due", async () => {
  const months = ["2026-07-01", "2026-08-01", "2026-09-01", "2026-10-01", "2026-11-01", "2026-12-01"];
  const tape = aTape([...lastDays(5), ...months.map(aMonthBefore)], { retentionDays: 5 });

  expect(await tape.run()).toMatchObject({ outcome: "refused", candle_months: 0, still_due: 5 });
});

test("deletes the only full month of candles when the first days of the next are kept", async () => {
  const tape = aTape([...lastDays(5), aMonthBefore("2026-11-01"), aMonthBefore("2026-12-01")]);

  expect(await tape.run()).toMatchObject({ outcome: "done", candle_months: 1 });
});

// A policy of the server that rolls by age leaves one a week where no books are collected.
test("deletes rolled indices of books that hold nothing, once nobody writes to them", async () => {
  const empty = (number: number, isWritten = false) => ({ ...books(number, null, isWritten), documents: 0 });
  const closed = { ...books(3, null), documents: null };
  const tape = aTape([...lastDays(3), empty(1), empty(2), closed, empty(4, true)]);
  const last = { hash: "h", tsMs: TODAY - 30 * DAY_MS, observedAtMs: NOON };
  await tape.store.checkpoints.write("books", { tokens: { quiet: last }, unread: [] }, null);

  const asked = await tape.run({ dry_run: true });
  const report = await tape.run();

  expect(asked).toMatchObject({ outcome: "dry_run", book_indices: 2 });
  expect(report).toMatchObject({ outcome: "done", book_indices: 2, still_due: 0 });
  expect(report).not.toHaveProperty("books_to_store_anew");
  expect(tape.names()).toEqual([...lastDays(3), closed, empty(4)].map(({ name }) => name));
});

test("deletes empty indices while nothing is collected at all, and with RETENTION_DAYS=0 not even them", async () => {
  const empty = { ...books(1, null), documents: 0 };
  const idle = aTape([empty, books(2, null, true)]);
  const forEver = aTape([empty, books(2, null, true)], { retentionDays: 0 });
  idle.store.shelf.newestEventMs = null;

  expect(await idle.run()).toMatchObject({ kept_from: null, book_indices: 1 });
  expect(await forEver.run({ confirm: true })).toMatchObject({ book_indices: 0, still_due: 0 });
});

// A write that was on its way when the index was rolled.
test("keeps an index that something came into since it was looked at", async () => {
  const tape = aTape([...lastDays(3), { ...books(1, null), documents: 0 }, books(2, null, true)]);
  const { retention, checkpoints, shelf } = tape.store;
  async function readInventory(nowMs: number) {
    const inventory = await retention.readInventory(nowMs);
    shelf.indices = shelf.indices.map((index) => ({ ...index, documents: 1 }));
    return inventory;
  }

  const store = { checkpoints, retention: { ...retention, readInventory } };
  const report = await aTape([], { store }).run();

  expect(report).toMatchObject({ book_indices: 0, still_due: 1 });
  expect(tape.names()).toHaveLength(5);
});

test("a dry run says what would go and touches nothing", async () => {
  const tape = aTape([...lastDays(14), books(1, TODAY, true)]);
  tape.store.shelf.coverageDays = [TODAY - 80 * DAY_MS];
  tape.store.shelf.rolloverIsDue = true;

  const report = await tape.run({ dry_run: true });

  expect(report).toMatchObject({
    outcome: "dry_run",
    trade_days: 3,
    freed_bytes: 300,
    coverage_days: 1,
    rolled: "orderbook_snapshots_v1-000001",
    rolled_to: "orderbook_snapshots_v1-000002",
  });
  expect(tape.names()).toHaveLength(15);
  expect(tape.store.shelf.coverageDays).toHaveLength(1);
});

test("with RETENTION_DAYS=0 nothing is ever deleted, and books still roll over", async () => {
  const tape = aTape([...lastDays(400), books(7, TODAY, true)], { retentionDays: 0 });
  tape.store.shelf.rolloverIsDue = true;

  const report = await tape.run({ confirm: true });

  expect(report).toMatchObject({ kept_from: null, deleted: [], rolled_to: "orderbook_snapshots_v1-000008" });
  expect(tape.names()).toHaveLength(402);
});

test("says what each of the next seven days will free", async () => {
  const tape = aTape([aDay(10, 10), aDay(9, 20), aDay(8, 30), aDay(0, 99), books(1, TODAY - 5 * DAY_MS)]);

  const report = await tape.run();

  expect(report["next_days_free_bytes"]).toEqual([10, 20, 30, 0, 1_000, 0, 0]);
});

// An unchanged book costs no document: its only one lies in the index of the day it last changed.
test("has books stored anew that still stand although their only document goes", async () => {
  const tape = aTape([books(1, TODAY - 20 * DAY_MS), books(2, TODAY, true)]);
  const last = (tsMs: number) => ({ hash: "h", tsMs, observedAtMs: NOON });
  const tokens = { quiet: last(TODAY - 30 * DAY_MS), busy: last(TODAY - DAY_MS) };
  await tape.store.checkpoints.write("books", { tokens, unread: ["busy"] }, null);

  const report = await tape.run();

  expect(report).toMatchObject({ book_indices: 1, books_to_store_anew: 1 });
  const remembered = await tape.store.checkpoints.read("books");
  expect(remembered?.state).toEqual({ tokens: { busy: tokens.busy }, unread: ["busy"] });
});

// Deleting indices is the cure of a full disk, and the only thing that a full disk allows.
test("deletes indices also while a full disk lets no document be changed", async () => {
  const tape = aTape(lastDays(14));
  const error = new PolytapeError("operating", "store_full", "blocked");
  tape.store.failNext("retention.dropCoverage", { error });
  tape.store.failNext("retention.rollOver", { error });

  const report = await tape.run();

  expect(report).toMatchObject({ trade_days: 3, documents_blocked: true, rollover_blocked: true });
});

test("leaves what it came to and when, also while a full disk lets nothing be written, and not of a dry run", async () => {
  const tape = aTape(lastDays(11));
  const noted = async () => (await tape.store.checkpoints.read("retention"))?.state ?? null;

  await tape.run({ dry_run: true });
  expect(await noted()).toBeNull();
  await tape.run();
  expect(await noted()).toEqual({ outcome: "done", atMs: NOON });
  tape.store.shelf.indices = [...lastDays(11), ...Array.from({ length: 30 }, (_, index) => aDay(index + 11))];
  await tape.run();
  expect(await noted()).toEqual({ outcome: "refused", atMs: NOON });
  const full = new PolytapeError("operating", "store_full", "The disk is full.");
  tape.store.failNext("checkpoints.write", { error: full });
  expect(await tape.run({ confirm: true })).toMatchObject({ outcome: "done", trade_days: 30 });
});

test("an empty body is a tick, and an unknown kind of wish is none", () => {
  expect(tick).toEqual({ dry_run: false, confirm: false });
  expect(retentionInput.safeParse({ dry_run: "yes" }).success).toBe(false);
});
