import { PolytapeError } from "@polytape/market-model";
import { aMarket } from "@polytape/market-model/testing";
import { expect, test } from "vitest";
import { aBackfill, aDay, complete, DAY_SECONDS, multiset, NOW_SECONDS } from "./a-backfill.ts";
import { backfillInput } from "./backfill-request.ts";
import { backfillTrades } from "./backfill-trades.ts";

const small = { budget: { pagesMax: 3, batchPages: 2 } };
const timeOf = (seconds: number) => new Date(seconds * 1_000).toISOString();
const halfADay = { from: timeOf(NOW_SECONDS - DAY_SECONDS / 2), to: timeOf(NOW_SECONDS) };

test("a job that comes again is out of date, and leaves one job in the queue", async () => {
  const tape = aBackfill(aDay(), small);
  await tape.run();
  const [job] = tape.jobs();
  await tape.run();
  const before = [...tape.jobs()];
  const reads = tape.feed.calls.length;

  const again = await backfillTrades(tape.parts, backfillInput.parse(job?.data));

  expect(again).toEqual({ outcome: "out_of_date", backfill: "first" });
  expect(tape.feed.calls).toHaveLength(reads);
  expect(tape.jobs()).toEqual(before);
  expect(before).toHaveLength(1);
});

test("two calls with the same job at once: one of them does it, and the tape is as with one", async () => {
  const tape = aBackfill(aDay(), small);
  await tape.run();
  const job = backfillInput.parse(tape.jobs()[0]?.data);

  const reports = await Promise.all([backfillTrades(tape.parts, job), backfillTrades(tape.parts, job)]);
  await tape.runToEnd();

  expect(reports.map(({ outcome }) => outcome).toSorted()).toEqual(["held_by_another_run", "running"]);
  const whole = aBackfill(aDay());
  await whole.runToEnd();
  expect(multiset(await tape.stored())).toEqual(multiset(await whole.stored()));
  expect(complete(await tape.intervals())).toHaveLength(1);
});

test("a tick leaves a backfill alone that has a job, and sends one when it was not heard of for minutes", async () => {
  const tape = aBackfill(aDay(), small);
  await tape.run();
  const lost = tape.jobs();

  const soon = await backfillTrades(tape.parts, {});
  tape.clock.nowMs += 180_000;
  const late = await backfillTrades(tape.parts, {});
  tape.clock.nowMs += 60_000;
  await backfillTrades(tape.parts, {});

  expect([soon, late]).toEqual([
    { outcome: "nothing_to_do" },
    { outcome: "jobs_sent", backfills: ["first"] },
  ]);
  // One a turn, however often it ticks.
  expect(tape.jobs()).toHaveLength(lost.length + 1);
});

test("a backfill that was throttled has no job until the next tick", async () => {
  const tape = aBackfill(aDay(), { ...small });
  await tape.run();
  tape.feed.failCall(1, throttled());
  await tape.run();
  expect(tape.jobs()).toEqual([]);

  expect(await backfillTrades(tape.parts, {})).toMatchObject({ outcome: "jobs_sent" });
  expect(tape.jobs()).toHaveLength(1);
  expect(await tape.run()).toMatchObject({ outcome: "running" });
});

test("a request with an id is begun once, however often it comes and though it is over", async () => {
  const tape = aBackfill(aDay(), { bounds: { backfillDays: 0, retentionDays: 90 } });
  const request = { ...halfADay, request_id: "self-check:2026-09-20" };

  const first = await tape.run(request);
  const reads = tape.feed.calls.length;
  const again = await tape.run(request);
  const changed = await tape.run({ ...request, to: undefined });

  expect([first, again, changed]).toMatchObject([
    { outcome: "done", backfill: "asked-self-check:2026-09-20" },
    { outcome: "done", pages: 0 },
    { outcome: "done", pages: 0 },
  ]);
  expect(tape.feed.calls).toHaveLength(reads);
});

test("a request for what is running sends a job and does no second reading", async () => {
  const tape = aBackfill(aDay(), { ...small, bounds: { backfillDays: 0, retentionDays: 90 } });
  await tape.run(halfADay);
  const reads = tape.feed.calls.length;

  const again = await tape.run(halfADay);

  expect(again).toMatchObject({ outcome: "running", pages: 0 });
  expect(tape.feed.calls).toHaveLength(reads);
});

// Asked for the trades of a market that does not exist, the upstream says that there are none.
test("refuses a market that neither the catalogue nor the venue knows, and takes one that either knows", async () => {
  const bounds = { backfillDays: 0, retentionDays: 90 };
  const marketId = aMarket().marketId;
  const request = { ...halfADay, market_id: marketId };
  const unknown = aBackfill([], { bounds });
  const stored = aBackfill([], { bounds });
  await stored.store.markets.storeMarkets([aMarket()], 1);
  const atVenue = aBackfill([], { bounds });
  atVenue.feed.serve({ markets: [aMarket()] });

  await expect(unknown.run(request)).rejects.toMatchObject({ kind: "input", code: "unknown_market" });
  expect(await unknown.intervals()).toEqual([]);
  expect(await unknown.run()).toEqual({ outcome: "nothing_to_do" });
  expect([await stored.run(request), await atVenue.run(request)]).toMatchObject([
    { outcome: "end_to_confirm" },
    { outcome: "end_to_confirm" },
  ]);
});

test("starts ten at most, also when two are asked for at the same moment", async () => {
  const tape = aBackfill(aDay(), { ...small, bounds: { backfillDays: 0, retentionDays: 90 } });
  const requests = Array.from({ length: 11 }, (_, hour) => ({
    from: timeOf(NOW_SECONDS - DAY_SECONDS + hour * 3_600),
  }));
  await Promise.all(requests.slice(0, 2).map((request) => tape.run(request)));
  for (const request of requests.slice(2, 10)) await tape.run(request);

  await expect(tape.run(requests[10])).rejects.toMatchObject({ kind: "input", code: "too_many_backfills" });
  // A message of another function comes again later; refused as a mistake it would be buried.
  const message = { ...requests[10], request_id: "self-check:2026-09-20:1" };
  await expect(tape.run(message)).rejects.toMatchObject({ kind: "operating", code: "too_many_backfills" });
});

test("throttled by the upstream's status, it rests as by any other answer", async () => {
  const readStatus = async () => {
    throw throttled();
  };
  const tape = aBackfill(aDay(), small);
  await tape.run();

  const report = await tape.run({}, { source: { ...tape.parts.source, readStatus } });

  expect(report).toMatchObject({ outcome: "throttled", pages: 0 });
  expect(tape.jobs()).toEqual([]);
  await tape.runToEnd();
  expect(complete(await tape.intervals())).toHaveLength(1);
});

function throttled() {
  return new PolytapeError("operating", "upstream_throttled", "slower");
}
