import { PolytapeError, type TradeRow } from "@polytape/market-model";
import { aTradeRow } from "@polytape/market-model/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { aFeed, type TestFeed } from "./a-feed.ts";
import { aSettler, multiset, SETTLE, someRows, start } from "./a-settler.ts";

/** The feed with rows put in where their second stands, as an upstream does that was late with them. */
function withLateRows(feed: TestFeed, ...late: TradeRow[]): TradeRow[] {
  return [...feed.rows, ...late].sort((a, b) => b.tsSeconds - a.tsSeconds);
}

test("stores rows that appeared below the head after the tail had passed, and counts them", async () => {
  const feed = aFeed(someRows(50), { pageRowsMax: 20 });
  const settler = aSettler(feed);
  await settler.run();
  const late = [
    aTradeRow({ tsSeconds: start - 20, price: 0.9 }),
    aTradeRow({ tsSeconds: start - 20, price: 0.6 }),
  ];
  settler.world.feed = aFeed(withLateRows(feed, ...late), { pageRowsMax: 20 });
  settler.world.nowMs = (start + SETTLE + 30) * 1_000;

  const report = await settler.run();

  expect(report).toMatchObject({ settle: "complete", late_rows: 2 });
  expect(multiset(await settler.stored())).toEqual(multiset(settler.world.feed.rows));
});

test("calls complete exactly what was read whole and is older than the settle time", async () => {
  const settler = aSettler(aFeed(someRows(50)));
  await settler.run();
  expect(await settler.intervals("complete")).toEqual([]);

  settler.world.nowMs = (start - 10 + SETTLE) * 1_000;
  await settler.run();

  expect(await settler.intervals("complete")).toMatchObject([
    { stream: "trades", marketId: null, fromMs: (start - 49) * 1_000, toMs: (start - 10) * 1_000 },
  ]);
});

test("says by which rows it is proven, how they overlap what was settled before, and how fresh the upstream was", async () => {
  const settler = aSettler(aFeed(someRows(50)));
  await settler.run();
  settler.world.nowMs = (start - 20 + SETTLE) * 1_000;
  await settler.run();
  settler.world.nowMs = (start - 10 + SETTLE) * 1_000 + 60_000;
  await settler.run();

  const [proven] = await settler.intervals("complete");
  const isProven = (ms: number) => ms >= (proven?.fromMs ?? 0) && ms < (proven?.toMs ?? 0);
  const rows = (await settler.stored()).filter(({ tsSeconds }) => isProven(tsSeconds * 1_000));
  const secondOf = (id: unknown) => rows.find(({ tradeId }) => tradeId === id)?.tsSeconds;
  expect(secondOf(proven?.evidence["last_row"])).toBe(rows[0]?.tsSeconds);
  expect(secondOf(proven?.evidence["first_row"])).toBe(rows.at(-1)?.tsSeconds);
  expect(proven?.evidence).toMatchObject({
    rows: rows.length,
    upstream_lag_s: 4,
    polytape: expect.any(String),
  });
  expect(proven?.evidence["overlap_rows"]).toBeGreaterThan(0);
});

// An answer that says complete must hold the rows that made it so, and those show up a little later.
test("calls nothing complete before the rows that it found are visible to readers", async () => {
  const settler = aSettler(aFeed(someRows(50)));
  await settler.run();
  settler.world.nowMs = (start + SETTLE) * 1_000;
  let saidBeforePause: number | null = null;
  settler.world.onPause = async () => {
    saidBeforePause = (await settler.intervals("complete")).length;
  };

  await settler.run();

  expect(saidBeforePause).toBe(0);
  expect(await settler.intervals("complete")).toHaveLength(1);
});

test("stores and tells nothing twice when it settles again", async () => {
  const settler = aSettler(aFeed(someRows(50)));
  await settler.run();
  settler.world.nowMs = (start + SETTLE) * 1_000;
  await settler.run();
  const before = (await settler.stored()).length;

  settler.world.nowMs += 120_000;
  const report = await settler.run();

  expect(report).toMatchObject({ settle: "complete", late_rows: 0 });
  expect(await settler.stored()).toHaveLength(before);
});

// A message about new trades may be lost, buried or too old: a candle must not stay wrong for that.
test("tells of every settled minute once more, those without new rows behind all that is live", async () => {
  const settler = aSettler(aFeed(someRows(50), { pageRowsMax: 20 }));
  await settler.run();
  const before = settler.bus.messages.length;
  settler.world.nowMs = (start + SETTLE) * 1_000;

  await settler.run();

  const told = settler.bus.messages.slice(before);
  expect(new Set(told.map(({ subject }) => subject))).toEqual(
    new Set(["trades.stored.taker", "trades.stored.taker.past"]),
  );
  const minutes = settler.bus.tradesStored.slice(-told.length).flatMap(({ windows }) => windows);
  const settled = (await settler.stored()).filter(({ tsSeconds }) => tsSeconds > start - 49);
  for (const { assetId, tsSeconds } of settled)
    expect(
      minutes.some(
        (window) =>
          window.assetId === assetId && window.minutesMs.includes(Math.floor(tsSeconds / 60) * 60_000),
      ),
    ).toBe(true);
});

test("a settle walk that fails leaves on its error what the tail has stored", async () => {
  const feed = aFeed(someRows(50));
  const settler = aSettler(feed);
  await settler.run();
  settler.world.nowMs = (start + SETTLE) * 1_000;
  feed.add(...someRows(2, start + 5));
  const away = new PolytapeError("operating", "upstream_unavailable", "away");
  settler.world.feed = {
    ...feed,
    readTradePage: (query) => (query.limit === 1_000 ? Promise.reject(away) : feed.readTradePage(query)),
  };

  await expect(settler.run()).rejects.toMatchObject({
    code: "upstream_unavailable",
    facts: { walk: "closed", stored: 6 },
  });
});

test("says nothing about all markets from a feed that is only a part", async () => {
  const settler = aSettler(aFeed(someRows(50)), { isWhole: false });
  await settler.run();
  settler.world.nowMs = (start + SETTLE) * 1_000;
  await settler.run();

  expect(await settler.store.coverage.findIntervals({ fromMs: 0, toMs: 2e12, limit: 10 })).toEqual([]);
  expect(await settler.stored()).toHaveLength(150);
});

test("says nothing in the ledger by a feed of other rows than those of takers", async () => {
  const settler = aSettler(aFeed(someRows(50)), { rowSet: "all" });
  await settler.run();
  settler.world.nowMs = (start + SETTLE) * 1_000;
  await settler.run();

  expect(await settler.store.coverage.findIntervals({ fromMs: 0, toMs: 2e12, limit: 10 })).toEqual([]);
  expect(settler.bus.messages.map(({ subject }) => subject)).not.toContain("job.backfill.request");
});

test("proves nothing while the upstream itself is behind", async () => {
  const settler = aSettler(aFeed(someRows(50)), { lagSeconds: 3_600 });
  await settler.run();
  settler.world.nowMs = (start + SETTLE) * 1_000;

  const report = await settler.run();

  expect(report).toMatchObject({ settle: "upstream_lag" });
  expect(await settler.intervals("complete")).toEqual([]);
});

// Rows that came late are not in what an upstream shows that is behind, however well it stands at the end.
test("proves nothing by a walk of which the upstream was behind at any page", async () => {
  const settler = aSettler(aFeed(someRows(50), { pageRowsMax: 10 }), { pagesMax: 4 });
  await settler.run();
  settler.world.nowMs = (start + SETTLE) * 1_000;

  const reports = [];
  for (const lagSeconds of [4, 900, 4, 4]) {
    settler.world.lagSeconds = lagSeconds;
    reports.push((await settler.run())["settle"]);
  }

  expect(reports).toEqual(["open", "open", "open", "upstream_lag"]);
  expect(await settler.intervals("complete")).toEqual([]);
});

test("goes on at the next run where the budget ended", async () => {
  const settler = aSettler(aFeed(someRows(50), { pageRowsMax: 10 }), { pagesMax: 4 });
  await settler.run();
  settler.world.nowMs = (start + SETTLE) * 1_000;

  const reports = [];
  for (let runs = 0; runs < 6; runs += 1) reports.push((await settler.run())["settle"]);

  expect(reports.slice(0, 2)).toEqual(["open", "open"]);
  expect(reports).toContain("complete");
});

test("waits for an upstream that serves less than before, and gives up what the tail alone has read if it stays so", async () => {
  const settler = aSettler(aFeed(someRows(50)));
  await settler.run();
  settler.world.feed = aFeed(someRows(20));

  const reports = [];
  for (let runs = 0; runs < 6; runs += 1) {
    settler.world.nowMs = (start + SETTLE + runs * 61) * 1_000;
    reports.push((await settler.run())["settle"]);
    if (runs === 4) expect(await settler.causes(start - 49, start - 18)).toEqual(["upstream_lag"]);
  }

  expect(reports).toEqual([...Array(5).fill("upstream_short"), "complete"]);
  // All its rows are stored that were there when the tail passed; those that came late nobody will ever see.
  expect(await settler.intervals("missing")).toEqual([]);
  expect(await settler.states(start - 49, start - 1)).toEqual(["partial", "complete"]);
  expect(await settler.causes(start - 49, start - 1)).toEqual(["upstream_cap", null]);
});

test("leaves standing what was missing and what was complete where the feed ends above its begin", async () => {
  const settler = aSettler(aFeed(someRows(50)));
  await settler.run();
  const all = { stream: "trades", marketId: null, assetId: null, evidence: {} } as const;
  const span = (from: number, to: number) => ({
    fromMs: (start + from) * 1_000,
    toMs: (start + to) * 1_000,
  });
  await settler.store.coverage.recordIntervals([
    { ...all, ...span(-40, -35), state: "missing", cause: "upstream_cap" },
    { ...all, ...span(-35, -30), state: "complete", cause: null },
    { ...all, ...span(-30, -28), state: "partial", cause: "collector_down" },
  ]);
  settler.world.feed = aFeed(someRows(20));
  for (let runs = 0; runs < 6; runs += 1) {
    settler.world.nowMs = (start + SETTLE + runs * 61) * 1_000;
    await settler.run();
  }

  const { stream } = all;
  const timeline = await settler.store.coverage.readTimeline({ stream, ...span(-49, -18) });
  expect(timeline.map(({ toMs, state }) => [toMs / 1_000 - start, state])).toEqual([
    [-40, "partial"],
    [-35, "missing"],
    [-30, "complete"],
    [-28, "missing"],
    [-18, "partial"],
  ]);
});

// The other run's rows are no news to this one: it must not go on as if they had been told of.
test("tells of rows that another run beside it stored before it died", async () => {
  const feed = aFeed(someRows(30), { pageRowsMax: 9 });
  const settler = aSettler(feed);
  await settler.run();
  const late = aTradeRow({ tsSeconds: start - 17, assetId: "77" });
  settler.world.feed = aFeed(withLateRows(feed, late), { pageRowsMax: 9 });
  settler.world.nowMs = (start + SETTLE) * 1_000;
  const { readTradePage } = settler.world.feed;
  let hasMet = false;
  settler.world.feed.readTradePage = async (query) => {
    const page = await readTradePage(query);
    if (hasMet || query.cursor === null || !page.rows.some(({ assetId }) => assetId === "77")) return page;
    hasMet = true;
    settler.bus.failWith(new PolytapeError("operating", "bus_unavailable", "the other run dies here"));
    await expect(settler.run()).rejects.toMatchObject({ code: "bus_unavailable" });
    settler.bus.failWith(null);
    return page;
  };

  for (let runs = 0; runs < 3; runs += 1) await settler.run();

  const told = settler.bus.tradesStored.flatMap(({ windows }) => windows).map(({ assetId }) => assetId);
  expect(hasMet).toBe(true);
  expect(told).toContain("77");
});

// A crash between rows and their news must not lose a candle, although the repeated rows are not new.
test("loses neither rows nor news of them, whichever effect a crash follows", async () => {
  const calls = ["checkpoints.write", "trades.createTrades", "coverage.recordIntervals"] as const;
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.record({ call: fc.constantFrom(...calls), afterEffect: fc.boolean(), busDown: fc.boolean() }),
        {
          maxLength: 8,
        },
      ),
      async (crashes) => {
        const feed = aFeed(someRows(30), { pageRowsMax: 9 });
        const settler = aSettler(feed);
        await settler.run();
        const late = aTradeRow({ tsSeconds: start - 17, assetId: "77" });
        settler.world.feed = aFeed(withLateRows(feed, late), { pageRowsMax: 9 });
        settler.world.nowMs = (start + SETTLE) * 1_000;
        for (const crash of crashes) {
          settler.store.failNext(crash.call, { afterEffect: crash.afterEffect });
          settler.bus.failWith(
            crash.busDown ? new PolytapeError("operating", "bus_unavailable", "away") : null,
          );
          await settler.run().catch(() => {});
        }
        settler.bus.failWith(null);
        for (let runs = 0; runs < 12; runs += 1) {
          await settler.run().catch(() => {});
          settler.world.nowMs += 61_000;
        }

        expect(multiset(await settler.stored())).toEqual(multiset(withLateRows(feed, late)));
        expect(
          settler.bus.tradesStored.flatMap(({ windows }) => windows).map(({ assetId }) => assetId),
        ).toContain("77");
        expect(await settler.intervals("complete")).not.toEqual([]);
      },
    ),
    { numRuns: 60 },
  );
});

test("keeps complete what was settled beyond the tail's anchor while no trade was made", async () => {
  const feed = aFeed(someRows(50));
  const settler = aSettler(feed);
  await settler.run();
  settler.world.nowMs = (start + 1_800) * 1_000;
  await settler.run();
  for (let runs = 0; runs < 12; runs += 1) {
    feed.add(...someRows(2, Math.floor(settler.world.nowMs / 1_000) - 3));
    await settler.run();
    settler.world.nowMs += 120_000;
  }

  expect(await settler.states(start - 49, start + 2_400)).toEqual(["complete"]);
});

test("keeps complete what was settled while a walk stood open for long", async () => {
  const feed = aFeed(someRows(50));
  const settler = aSettler(feed, { tailPagesMax: 1 });
  await settler.run();
  await settler.run();
  feed.add(...someRows(500, start + 510));
  settler.world.nowMs = (start + 511) * 1_000;
  expect(await settler.run()).toMatchObject({ walk: "open" });

  settler.world.nowMs += 900_000;
  feed.add(...someRows(880, start + 1_400));
  for (let runs = 0; runs < 60; runs += 1) {
    settler.world.nowMs += 30_000;
    feed.add(...someRows(2, Math.floor(settler.world.nowMs / 1_000) - 1));
    await settler.run();
  }

  expect(await settler.states(start, start + 1_900)).toEqual(["complete"]);
});

test("never calls the second complete of a row that was refused, and counts it in the evidence", async () => {
  const feed = aFeed(someRows(30));
  const settler = aSettler(feed);
  await settler.run();
  settler.world.nowMs = (start + SETTLE) * 1_000;
  settler.world.feed = {
    ...feed,
    readTradePage: (query) => {
      const bad = { kind: "trade", reason: "price: too large", raw: {}, receivedAtMs: 0 } as const;
      if (query.limit === 1_000) feed.rejectNext(bad, start - 7);
      return feed.readTradePage(query);
    },
  };

  await settler.run();

  expect(await settler.states(start - 20, start - 1)).toEqual(["complete", "partial", "complete"]);
  expect(await settler.causes(start - 7, start - 6)).toEqual(["row_rejected"]);
  expect((await settler.intervals("complete"))[0]?.evidence).toMatchObject({ rejected: 1 });
});

test("never calls a second complete of which v1 gave a part", async () => {
  const feed = aFeed(someRows(30));
  const settler = aSettler(feed);
  await settler.run();
  feed.serveByV1({ cutSeconds: [start - 5, start - 6, start - 12] });
  settler.world.nowMs = (start + SETTLE) * 1_000;

  expect(await settler.run()).toMatchObject({ settle: "complete" });

  const timeline = await settler.store.coverage.readTimeline({
    stream: "trades",
    fromMs: (start - 20) * 1_000,
    toMs: (start - 1) * 1_000,
  });
  expect(
    timeline.map(({ fromMs, toMs, state, cause }) => [
      fromMs / 1_000 - start,
      toMs / 1_000 - start,
      state,
      cause,
    ]),
  ).toEqual([
    [-20, -12, "complete", null],
    [-12, -11, "partial", "upstream_cap"],
    [-11, -6, "complete", null],
    [-6, -4, "partial", "upstream_cap"],
    [-4, -1, "complete", null],
  ]);
  expect((await settler.intervals("complete")).at(-1)?.evidence).toMatchObject({ upstream: "v1" });
});
