import { aBook } from "@polytape/market-model/testing";
import { expect, test } from "vitest";
import { compareBooks, forgetTokens } from "./compare-books.ts";

const seen = (changes: Parameters<typeof aBook>[0] = {}, observedAtMs = 2_000) => ({
  ...aBook({ tsMs: 1_000, hash: "a", ...changes }),
  observedAtMs,
});

test("a token's first book is new and has no predecessor", () => {
  const { changed, lastBooks } = compareBooks([seen()], {});

  expect(changed).toEqual([{ ...seen(), previousSeenAtMs: null }]);
  expect(lastBooks).toEqual({ "1001": { hash: "a", tsMs: 1_000, observedAtMs: 2_000 } });
});

test("a book that still stands costs no document and is remembered as seen now", () => {
  const known = { "1001": { hash: "a", tsMs: 1_000, observedAtMs: 2_000 } };

  const { changed, unchanged, lastBooks } = compareBooks([seen({}, 3_000)], known);

  expect([changed, unchanged]).toEqual([[], 1]);
  expect(lastBooks["1001"]?.observedAtMs).toBe(3_000);
});

test("a changed book says when its predecessor was last seen", () => {
  const known = { "1001": { hash: "a", tsMs: 1_000, observedAtMs: 2_000 } };

  const { changed } = compareBooks([seen({ hash: "b", tsMs: 2_500 }, 3_000)], known);

  expect(changed[0]?.previousSeenAtMs).toBe(2_000);
});

test("the book before the last one is remembered until the next look", () => {
  const known = { "1001": { hash: "a", tsMs: 1_000, observedAtMs: 2_000 } };

  const first = compareBooks([seen({ hash: "b", tsMs: 2_500 }, 3_000)], known).lastBooks;
  const second = compareBooks([seen({ hash: "b", tsMs: 2_500 }, 4_000)], first).lastBooks;

  expect(first).toEqual({ "1001": { hash: "b", tsMs: 2_500, observedAtMs: 3_000, before: known["1001"] } });
  expect(second).toEqual({ "1001": { hash: "b", tsMs: 2_500, observedAtMs: 4_000 } });
});

test("an older book than the known one changes nothing, not even when it was seen", () => {
  const known = { "1001": { hash: "b", tsMs: 2_500, observedAtMs: 3_000 } };

  expect(compareBooks([seen({}, 9_000)], known)).toEqual({
    changed: [],
    unchanged: 0,
    older: 1,
    lastBooks: known,
  });
});

test("forgets what was not seen for long, and the longest unseen beyond the bound", () => {
  const at = (observedAtMs: number) => ({ hash: "a", tsMs: 0, observedAtMs });
  const lastBooks = { a: at(100), b: at(500), c: at(900), d: at(700) };

  const kept = forgetTokens(lastBooks, { nowMs: 1_000, keepMs: 600, tokensMax: 2 });

  expect(Object.keys(kept).sort()).toEqual(["c", "d"]);
});
