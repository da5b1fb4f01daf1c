import { PolytapeError } from "@polytape/market-model";
import { expect, test } from "vitest";
import { aFeed } from "./a-feed.ts";
import { aTape, multiset, someRows, start } from "./a-tape.ts";
import { tapeStateSchema } from "./walk.ts";

test("records seconds of which v1 gave a part, as one interval for neighbours, also when the walk took several runs", async () => {
  const feed = aFeed(someRows(30), { pageRowsMax: 6 });
  const tape = aTape(feed, { pagesMax: 2, batchRowsMax: 5_000 });
  await tape.run({ budget: { pagesMax: 20, batchRowsMax: 5_000 } });
  feed.add(...someRows(60, { newestSecond: start + 20 }));
  feed.serveByV1({ cutSeconds: [start + 15, start + 14, start + 10, start - 3] });

  const reports = [await tape.run()];
  while (reports.at(-1)?.["walk"] === "open") reports.push(await tape.run());

  expect(reports.length).toBeGreaterThan(2);
  expect(reports.at(-1)).toMatchObject({ walk: "closed", upstream: "v1", cut_runs: 2 });
  const timeline = await tape.store.coverage.readTimeline({
    stream: "trades",
    fromMs: (start + 5) * 1_000,
    toMs: (start + 18) * 1_000,
  });
  const cut = timeline.filter(({ cause }) => cause === "upstream_cap");
  expect(cut.map(({ fromMs, toMs, state }) => [fromMs / 1_000 - start, toMs / 1_000 - start, state])).toEqual(
    [
      [10, 11, "partial"],
      [14, 16, "partial"],
    ],
  );
  const intervals = await tape.store.coverage.findIntervals({ fromMs: 0, toMs: 2e12, limit: 100 });
  expect(intervals.find(({ cause }) => cause === "upstream_cap")?.evidence).toMatchObject({
    upstream: "v1",
    walk_id: expect.any(String),
  });
  expect(multiset(await tape.stored())).toEqual(multiset(feed.rows));
});

test("calls missing what lies below a cap that stays, and goes on above it", async () => {
  const feed = aFeed(someRows(30));
  const tape = aTape(feed);
  await tape.run();
  feed.add(...someRows(60, { newestSecond: start + 40 }));
  feed.serveByV1({ cappedBelowSeconds: start + 30 });

  const reports = [];
  for (let runs = 0; runs < 21; runs += 1) reports.push((await tape.run())["walk"]);

  expect(reports).toEqual([...Array(20).fill("upstream_short"), "closed"]);
  const intervals = await tape.store.coverage.findIntervals({ fromMs: 0, toMs: 2e12, limit: 100 });
  expect(intervals.filter(({ state }) => state === "missing")).toMatchObject([
    {
      cause: "upstream_cap",
      fromMs: (start + 1) * 1_000,
      toMs: (start + 30) * 1_000,
      evidence: { upstream: "v1" },
    },
  ]);
});

test("covers of a first walk that ends at a cap only what lies above its oldest second", async () => {
  const feed = aFeed(someRows(60));
  feed.serveByV1({ cappedBelowSeconds: start - 9 });
  const tape = aTape(feed);

  await tape.run();

  const found = await tape.store.checkpoints.read("trades:live");
  expect(tapeStateSchema.parse(found?.state).coveredFromSeconds).toBe(start - 8);
});

test("begins anew when the upstream changed its interface, however often, without failing", async () => {
  const feed = aFeed(someRows(60), { pageRowsMax: 6 });
  const tape = aTape(feed, { pagesMax: 2, batchRowsMax: 5_000 });
  await tape.run({ budget: { pagesMax: 20, batchRowsMax: 5_000 } });
  feed.add(...someRows(60, { newestSecond: start + 60 }));
  const changed = () =>
    new PolytapeError("operating", "cursor_refused", "gone", { facts: { version_changed: true } });

  for (let times = 0; times < 8; times += 1) {
    expect(await tape.run()).toMatchObject({ walk: "open" });
    feed.failNext(changed());
    expect(await tape.run()).toMatchObject({ walk: "restarts" });
  }
  feed.serveByV1();
  await tape.run({ budget: { pagesMax: 50, batchRowsMax: 5_000 } });

  expect(multiset(await tape.stored())).toEqual(multiset(feed.rows));
});
