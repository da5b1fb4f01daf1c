import { numberEqualTrades, type TradeRow } from "@polytape/market-model";
import { aMarket, aTradeRow } from "@polytape/market-model/testing";
import { expect, test } from "vitest";
import { aBackfill, complete, DAY_SECONDS, multiset, NOW_SECONDS } from "./a-backfill.ts";

/** What the ledger is told about upstreams that do not serve everything, and about rows that came late. */
const from = NOW_SECONDS - DAY_SECONDS;
const bounds = { backfillDays: 0, retentionDays: 90 };
const timeOf = (seconds: number) => new Date(seconds * 1_000).toISOString();
const theDay = { from: timeOf(from), to: timeOf(NOW_SECONDS - 600) };

/** One row every ten minutes, newest first, and two of them in the second at the place named. */
function rowsWith(twiceAt: number): TradeRow[] {
  return Array.from({ length: 150 }, (_, place) => {
    const row = aTradeRow({ tsSeconds: NOW_SECONDS - 600 * place - 700 });
    return place === twiceAt ? [row, { ...row, price: 0.7 }] : [row];
  }).flat();
}

const secondAt = (rows: readonly TradeRow[], place: number) => rows[place]?.tsSeconds ?? 0;

test("a second that the upstream serves in part is never complete, and its neighbours are", async () => {
  const rows = rowsWith(9);
  const cut = secondAt(rows, 9);
  const tape = aBackfill(rows, { bounds, budget: { pagesMax: 2, batchPages: 1 } });
  tape.feed.serve({ v1: { cutSeconds: [cut] } });

  await tape.run(theDay);
  await tape.runToEnd();

  expect(complete(await tape.intervals())).toEqual([
    [from, cut],
    [cut + 1, NOW_SECONDS - 600],
  ]);
  const partial = (await tape.intervals()).filter(({ state }) => state === "partial");
  expect(partial).toMatchObject([{ fromMs: cut * 1_000, toMs: (cut + 1) * 1_000, cause: "upstream_cap" }]);
  expect(partial[0]?.evidence).toMatchObject({ upstream: "v1" });
});

test("a second in part that stands where a call ends is remembered until it is stated", async () => {
  const rows = rowsWith(6);
  const cut = secondAt(rows, 6);
  const tape = aBackfill(rows, { bounds, budget: { pagesMax: 1, batchPages: 1 } });
  tape.feed.serve({ v1: { cutSeconds: [cut] } });

  await tape.run(theDay);
  tape.feed.serve({ v1: {} });
  await tape.runToEnd();

  const partial = (await tape.intervals()).filter(({ state }) => state === "partial");
  expect(partial.map(({ fromMs }) => fromMs / 1_000)).toEqual([cut]);
});

test.each([
  { of: "all markets", market: undefined },
  { of: "one market", market: aMarket().marketId },
])("below a cap nothing is complete: $of", async ({ market }) => {
  const rows = rowsWith(0);
  const cappedBelowSeconds = secondAt(rows, 40);
  const tape = aBackfill(rows, { bounds });
  tape.feed.serve({ markets: [aMarket()], v1: { cappedBelowSeconds } });
  const ofMarket = market === undefined ? {} : { market_id: market };

  const report = await tape.run({ ...theDay, ...ofMarket });
  await tape.runToEnd();

  expect(report).toMatchObject({ outcome: "done", upstream: "v1", missing_before: cappedBelowSeconds + 1 });
  const [missing, ...others] = (await tape.intervals()).filter(({ state }) => state !== "complete");
  expect(others).toEqual([]);
  expect(missing).toMatchObject({
    marketId: market ?? null,
    state: "missing",
    cause: "upstream_cap",
    fromMs: from * 1_000,
    toMs: (cappedBelowSeconds + 1) * 1_000,
  });
  expect(complete(await tape.intervals())).toEqual([[cappedBelowSeconds + 1, NOW_SECONDS - 600]]);
});

test("the feed of a market that ends without a cap is complete below its first trade, by v1 too", async () => {
  const rows = rowsWith(0).slice(0, 20);
  const tape = aBackfill(rows, { bounds });
  tape.feed.serve({ markets: [aMarket()], v1: {} });

  await tape.run({ ...theDay, market_id: aMarket().marketId });
  await tape.runToEnd();

  expect(complete(await tape.intervals())).toEqual([[from, NOW_SECONDS - 600]]);
  expect((await tape.intervals())[0]?.evidence).toMatchObject({ upstream: "v1" });
});

/** The feed of one market whose first so many readings end after a few rows of the first page. */
function endingEarly(rows: readonly TradeRow[], shortReadings: readonly number[]) {
  const left = [...shortReadings];
  const tape = aBackfill(rows, { bounds });
  tape.feed.serve({ markets: [aMarket()] });
  const { readTradePage } = tape.parts.source;
  const source: typeof tape.parts.source = {
    ...tape.parts.source,
    readTradePage: async (query) => {
      const page = await readTradePage(query);
      const served = query.cursor === null ? left.shift() : undefined;
      return served === undefined ? page : { ...page, rows: page.rows.slice(0, served), nextCursor: null };
    },
  };
  const runToEnd = async () => {
    const outcomes = [(await tape.run({ ...theDay, market_id: aMarket().marketId }, { source }))["outcome"]];
    while (outcomes.at(-1) !== "done" && outcomes.length < 40)
      outcomes.push((await tape.run({}, { source }))["outcome"], ...(await later(tape)));
    return outcomes;
  };
  return { ...tape, runToEnd };
}

async function later(tape: ReturnType<typeof aBackfill>): Promise<never[]> {
  tape.clock.nowMs += 60_000;
  return [];
}

test.each([{ short: [2] }, { short: [0] }, { short: [2, 3, 0] }])(
  "a market's feed that ends early now and then loses no trade and is complete in the end: $short",
  async ({ short }) => {
    const rows = rowsWith(0).slice(0, 60);
    const tape = endingEarly(rows, short);

    const outcomes = await tape.runToEnd();

    expect(outcomes[0]).toBe("end_to_confirm");
    expect(outcomes.at(-1)).toBe("done");
    expect(multiset(await tape.stored())).toEqual(multiset(rows));
    expect(complete(await tape.intervals())).toEqual([[from, NOW_SECONDS - 600]]);
  },
);

test("what lies below the end of a market's feed is missing when every reading ends elsewhere", async () => {
  const rows = rowsWith(0).slice(0, 60);
  const tape = endingEarly(rows, [2, 3, 4, 3, 2]);

  expect((await tape.runToEnd()).at(-1)).toBe("done");

  const [missing] = (await tape.intervals()).filter(({ state }) => state !== "complete");
  expect(missing).toMatchObject({ state: "missing", cause: "upstream_cap", fromMs: from * 1_000 });
  expect(complete(await tape.intervals())).toHaveLength(1);
});

test("a market's feed that ends above a trade that is stored has not ended, however often it says so", async () => {
  const rows = rowsWith(0).slice(0, 60);
  const tape = endingEarly(rows, Array(9).fill(5));
  const [old] = numberEqualTrades().number(rows.slice(59), { rowSet: "taker", receivedAtMs: 1 });
  if (old) await tape.store.trades.createTrades([old]);

  expect((await tape.runToEnd()).at(-1)).toBe("done");

  expect(complete(await tape.intervals())).toEqual([[secondAt(rows, 4) + 1, NOW_SECONDS - 600]]);
});

test("rows that are found in what was called complete are stored, and the ledger says so", async () => {
  const rows = rowsWith(0);
  const late = [30, 31, 60].map((place) => ({
    ...aTradeRow({ tsSeconds: secondAt(rows, place) - 5 }),
    price: 0.3,
  }));
  const tape = aBackfill(rows, { bounds, budget: { pagesMax: 4, batchPages: 2 } });
  await tape.run(theDay);
  await tape.runToEnd();
  const all = [...rows, ...late].sort((a, b) => b.tsSeconds - a.tsSeconds);
  tape.feed.serve({ trades: all });

  const first = await tape.run({ ...theDay, request_id: "again" });
  await tape.runToEnd();

  expect(first).toMatchObject({ outcome: "running" });
  expect(multiset(await tape.stored())).toEqual(multiset(all.filter(({ tsSeconds }) => tsSeconds >= from)));
  const [whole, ...others] = await tape.intervals();
  expect(others).toEqual([]);
  expect(whole).toMatchObject({ state: "complete", evidence: { late_rows: 3 } });
});

/** A row that nobody can read, at a place of the feed. */
function withBadRow(rows: readonly TradeRow[], place: number, raw: unknown) {
  const bad = { kind: "trade", reason: "side: HOLD", raw, receivedAtMs: 1 } as const;
  return [...rows.slice(0, place), bad, ...rows.slice(place)];
}

const doubtsOf = async (tape: ReturnType<typeof aBackfill>) =>
  (await tape.intervals())
    .filter(({ cause }) => cause === "row_rejected")
    .map(({ fromMs, toMs, state }) => [fromMs / 1_000, toMs / 1_000, state]);

test("the second of a row that was refused is partial, and its neighbours are complete", async () => {
  const rows = rowsWith(0);
  const second = secondAt(rows, 17) + 7;
  const tape = aBackfill(withBadRow(rows, 17, { timestamp: second }), { bounds });

  await tape.run(theDay);
  await tape.runToEnd();

  expect(await doubtsOf(tape)).toEqual([[second, second + 1, "partial"]]);
  expect(complete(await tape.intervals())).toEqual([
    [from, second],
    [second + 1, NOW_SECONDS - 600],
  ]);
  expect((await tape.intervals())[1]?.evidence).toMatchObject({ rejected: 1 });
});

test.each([{ raw: "gibberish" }, { raw: { timestamp: 0 } }, { raw: { timestamp: NOW_SECONDS * 2 } }])(
  "a refused row whose time cannot be read makes its page and what is around it partial: $raw",
  async ({ raw }) => {
    const rows = rowsWith(0);
    // Pages of seven: the third one has the rows at 14 to 19, and ends with the bad one.
    const tape = aBackfill(withBadRow(rows, 20, raw), { bounds, budget: { pagesMax: 1, batchPages: 1 } });

    await tape.run(theDay);
    await tape.runToEnd();

    const [oldest, newest] = [secondAt(rows, 20), secondAt(rows, 13)];
    expect(await doubtsOf(tape)).toEqual([[oldest, newest + 1, "partial"]]);
    expect(complete(await tape.intervals())).toEqual([
      [from, oldest],
      [newest + 1, NOW_SECONDS - 600],
    ]);
  },
);

test("a page of refused rows only is partial between its neighbours", async () => {
  const rows = rowsWith(0);
  const bad = { kind: "trade", reason: "side: HOLD", raw: null, receivedAtMs: 1 } as const;
  const feed = [...rows.slice(0, 14), ...Array(7).fill(bad), ...rows.slice(14)];
  const tape = aBackfill(feed, { bounds, budget: { pagesMax: 1, batchPages: 1 } });

  await tape.run(theDay);
  await tape.runToEnd();

  const [doubt, ...others] = await doubtsOf(tape);
  expect(others).toEqual([]);
  expect(doubt?.[0]).toBeLessThanOrEqual(secondAt(rows, 14));
  expect(doubt?.[1]).toBe(secondAt(rows, 13) + 1);
});

test("a statement names its outermost rows, and how far the upstream was behind", async () => {
  const rows = rowsWith(0);
  const tape = aBackfill(rows, { bounds, budget: { pagesMax: 3, batchPages: 2 } });
  tape.upstream.lagSeconds = 11;

  await tape.run(theDay);
  await tape.runToEnd();

  const within = await tape.store.trades.findTrades({
    ...{ fromMs: from * 1_000, toMs: (NOW_SECONDS - 600) * 1_000 },
    ...{ sort: "asc", limit: 1_000 },
  });
  expect((await tape.intervals())[0]?.evidence).toMatchObject({
    first_row: within[0]?.tradeId,
    upstream_lag_s: 11,
  });
  const last = (await tape.intervals()).at(-1)?.evidence["last_row"];
  const newest = within.at(-1)?.tsSeconds;
  expect(within.filter(({ tsSeconds }) => tsSeconds === newest).map(({ tradeId }) => tradeId)).toContain(
    last,
  );
});
