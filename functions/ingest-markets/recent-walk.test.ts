import { aMarket } from "@polytape/market-model/testing";
import { expect, test } from "vitest";
import {
  advanceRecentWalk,
  behindSeconds,
  openRecentWalk,
  type RecentFeedState,
  rememberRecentWalk,
} from "./recent-walk.ts";

const unread: RecentFeedState = { newestMs: null, leftover: null };

function page(updates: readonly (number | null)[], nextCursor: string | null = "next") {
  const markets = updates.map((updatedAtMs) => aMarket({ updatedAtMs }));
  return { markets, nextCursor, receivedAtMs: 1_000_000 };
}

test("the very first run reads one page to set the mark", () => {
  const walk = advanceRecentWalk(openRecentWalk(unread, 50), page([900, 800]));

  expect(walk.reading).toBeNull();
  expect(rememberRecentWalk(walk)).toEqual({ newestMs: 900, leftover: null });
});

test("ends at the first page that is wholly older than the last run's newest update less the overlap", () => {
  const opened = openRecentWalk({ newestMs: 500, leftover: null }, 50);

  const second = advanceRecentWalk(opened, page([900, 449], "b"));
  const third = advanceRecentWalk(second, page([449, 448], "c"));

  expect(second.reading).toEqual({ cursor: "b", untilMs: 450 });
  expect(third.reading).toBeNull();
  expect(rememberRecentWalk(third)).toEqual({ newestMs: 900, leftover: null });
});

test("a walk that stops early remembers where it stands and how far down it has to go", () => {
  const walk = advanceRecentWalk(
    openRecentWalk({ newestMs: 500, leftover: null }, 50),
    page([900, 800], "b"),
  );

  const remembered = rememberRecentWalk(walk);

  expect(remembered).toEqual({ newestMs: 900, leftover: { cursor: "b", untilMs: 450 } });
  expect(behindSeconds({ ...remembered, newestMs: 60_450 })).toBe(60);
});

test("reads the head first and then what an earlier run left over", () => {
  const state = { newestMs: 900, leftover: { cursor: "b", untilMs: 450 } };

  const afterHead = advanceRecentWalk(openRecentWalk(state, 50), page([840, 820], "x"));
  const afterLeftover = advanceRecentWalk(afterHead, page([449], "y"));

  expect(afterHead.reading).toEqual({ cursor: "b", untilMs: 450 });
  expect(rememberRecentWalk(afterHead)).toEqual(state);
  expect(rememberRecentWalk(afterLeftover)).toEqual({ newestMs: 900, leftover: null });
});

test("an unfinished head and an older leftover become one leftover that forgets nothing", () => {
  const state = { newestMs: 900, leftover: { cursor: "b", untilMs: 450 } };

  const walk = advanceRecentWalk(openRecentWalk(state, 50), page([1_500, 1_400], "x"));

  expect(rememberRecentWalk(walk)).toEqual({ newestMs: 1_500, leftover: { cursor: "x", untilMs: 450 } });
});

test("a page without any update time does not end the walk", () => {
  const walk = advanceRecentWalk(
    openRecentWalk({ newestMs: 500, leftover: null }, 0),
    page([null, null], "b"),
  );

  expect(walk.reading).toEqual({ cursor: "b", untilMs: 500 });
});

test("the end of the feed ends the walk whatever its times say", () => {
  const walk = advanceRecentWalk(openRecentWalk({ newestMs: 500, leftover: null }, 0), page([900], null));

  expect(walk.reading).toBeNull();
});

// One market dated years ahead would otherwise make every later update look old, for ever.
test("does not believe an update time ahead of the observation", () => {
  const walk = advanceRecentWalk(
    openRecentWalk({ newestMs: 500, leftover: null }, 0),
    page([9_000_000, 800]),
  );

  expect(walk.newestMs).toBe(1_000_000);
});
