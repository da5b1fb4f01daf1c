import { aTradeRow } from "@polytape/market-model/testing";
import { expect, test } from "vitest";
import { aFeed } from "./a-feed.ts";
import { aSettler, SETTLE, someRows, start } from "./a-settler.ts";

test("a run tells of the newest trade, of the second down to which all is read, and how late rows came", async () => {
  const feed = aFeed(someRows(50));
  const settler = aSettler(feed);

  const first = await settler.run();
  feed.add(aTradeRow({ tsSeconds: start + 7 }));
  const second = await settler.run();
  const third = await settler.run();

  expect(first).toMatchObject({
    newest_trade_timestamp_seconds: start,
    covered_to_timestamp_seconds: start - 1,
  });
  expect(first).not.toHaveProperty("settled_to_timestamp_seconds");
  // The test's feed is looked at in the year 2027.
  expect(second).toMatchObject({
    newest_trade_timestamp_seconds: start + 7,
    ingest_lag_seconds: 1_800_000_000 - (start + 7),
  });
  expect(third).toMatchObject({ walk: "quiet", newest_trade_timestamp_seconds: start + 7 });
  expect(third).not.toHaveProperty("ingest_lag_seconds");
});

test("a run tells to where the feed was read again after settling, and how much of that is not complete", async () => {
  const settler = aSettler(aFeed(someRows(50)));
  await settler.run();
  settler.world.nowMs = (start + SETTLE) * 1_000;

  const settling = await settler.run();
  const next = await settler.run();

  expect(settling).toMatchObject({ settle: "complete", settled_to_timestamp_seconds: start, gap_seconds: 0 });
  expect(next).toMatchObject({ walk: "quiet", settled_to_timestamp_seconds: start });
});

test("a walk that stands open tells of trades above a hole, and not that the hole is covered", async () => {
  const feed = aFeed(someRows(10), { pageRowsMax: 6 });
  const settler = aSettler(feed, { tailPagesMax: 20 });
  await settler.run();
  feed.add(...someRows(100, start + 500));
  const behind = aSettler(feed, { tailPagesMax: 3 });
  const checkpoint = await settler.store.checkpoints.read("trades:live");
  await behind.store.checkpoints.write("trades:live", checkpoint?.state, null);

  const report = await behind.run();

  expect(report).toMatchObject({
    walk: "open",
    newest_trade_timestamp_seconds: start + 500,
    covered_to_timestamp_seconds: start - 1,
  });
});

test("an upstream with nothing to show leaves nothing to tell", async () => {
  const report = await aSettler(aFeed([])).run();

  expect(Object.keys(report).filter((field) => field.endsWith("timestamp_seconds"))).toEqual([]);
});
