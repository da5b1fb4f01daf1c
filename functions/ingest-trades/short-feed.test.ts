import { PolytapeError } from "@polytape/market-model";
import { expect, test } from "vitest";
import { aFeed } from "./a-feed.ts";
import { aTape, multiset, someRows, start } from "./a-tape.ts";

// A re-indexing upstream, or the edge of its window: nothing says that there was nothing in between.
test("does not move its anchor over a hole when the feed ends above it, and loses nothing when it heals", async () => {
  const feed = aFeed(someRows(30));
  const tape = aTape(feed);
  await tape.run();
  feed.add(...someRows(100, { newestSecond: start + 100, perSecond: 1 }));
  const short = aFeed(feed.rows.filter((row) => row.tsSeconds > start + 90));

  const reports = [await tape.run({ source: short }), await tape.run({ source: short })];
  const healed = await tape.run();

  expect(reports).toMatchObject([{ walk: "upstream_short" }, { walk: "upstream_short" }]);
  expect(healed).toMatchObject({ walk: "closed", end: "anchor" });
  expect(multiset(await tape.stored())).toEqual(multiset(feed.rows));
});

test("records as missing what a feed that stays short no longer serves, and goes on", async () => {
  const feed = aFeed(someRows(30));
  const tape = aTape(feed);
  await tape.run();
  const short = aFeed(someRows(10, { newestSecond: start + 100, perSecond: 1 }));

  const reports = [];
  for (let runs = 0; runs < 25; runs += 1) reports.push(await tape.run({ source: short }));

  expect(reports.at(-1)).toMatchObject({ walk: "quiet" });
  const all = await tape.store.coverage.findIntervals({ fromMs: 0, toMs: 2e12, limit: 10 });
  const said = all.map(({ fromMs, toMs, state, cause }) => [
    fromMs / 1000 - start,
    toMs / 1000 - start,
    state,
    cause,
  ]);
  // Of the seconds at both ends a part was seen, and of the older ones all that was served.
  expect(said).toEqual([
    [-9, 0, "partial", "upstream_lag"],
    [0, 1, "partial", "upstream_cap"],
    [1, 91, "missing", "upstream_cap"],
    [91, 92, "partial", "upstream_cap"],
    [92, 100, "partial", "upstream_lag"],
  ]);
});

// One short answer must not become a recorded gap because the upstream had trouble of another kind before.
test("counts short walks by themselves", async () => {
  const feed = aFeed(someRows(30));
  const tape = aTape(feed);
  await tape.run();
  feed.add(...someRows(100, { newestSecond: start + 100, perSecond: 1 }));
  const refusing = { readTradePage: feed.readTradePage };
  refusing.readTradePage = async (query) => {
    if (query.limit === 1_000) throw new PolytapeError("operating", "rows_disordered", "in disorder");
    return feed.readTradePage(query);
  };
  for (let runs = 0; runs < 25; runs += 1) await tape.run({ source: refusing }).catch(() => {});
  const short = aFeed(feed.rows.filter((row) => row.tsSeconds > start + 90));

  expect(await tape.run({ source: short })).toMatchObject({ walk: "upstream_short" });
  const said = await tape.store.coverage.findIntervals({ fromMs: 0, toMs: 2e12, limit: 10 });
  expect(said.filter(({ state }) => state === "missing")).toEqual([]);
});

// Each short walk stores what it sees, and the feed's end moves on between them.
test("calls missing no second that a short feed has shown at any time", async () => {
  const feed = aFeed(someRows(30));
  const tape = aTape(feed);
  await tape.run();
  const since = someRows(400, { newestSecond: start + 400, perSecond: 1 });

  for (let newest = start + 60; newest <= start + 400; newest += 10) {
    const served = since.filter((row) => row.tsSeconds > newest - 30 && row.tsSeconds <= newest);
    await tape.run({ source: aFeed(served) });
  }

  const missing = (await tape.store.coverage.findIntervals({ fromMs: 0, toMs: 2e12, limit: 100 })).filter(
    ({ state }) => state === "missing",
  );
  expect(missing).toMatchObject([{ fromMs: (start + 1) * 1000, toMs: (start + 31) * 1000 }]);
  expect(multiset(await tape.stored())).toEqual(
    multiset([...feed.rows, ...since.filter((row) => row.tsSeconds > start + 30)]),
  );
});
