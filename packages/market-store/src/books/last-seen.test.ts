import { expect, test } from "vitest";
import { type BooksCheckpointState, lastSeenAtMs } from "./last-seen.ts";

const book = { assetId: "1001", hash: "a", tsMs: 1_000, observedAtMs: 2_000 };
const before = { hash: "a", tsMs: 1_000, observedAtMs: 90_000 };
const changed = { hash: "b", tsMs: 95_000, observedAtMs: 99_000 };
const looks = (last: BooksCheckpointState["tokens"][string]) => ({ "1001": last });

// A change is in the checkpoint about a second before a search finds it.
test("a book whose successor cannot be found yet was last seen just before that one", () => {
  expect(lastSeenAtMs(book, { looks: looks({ ...changed, before }), next: null })).toBe(90_000);
});

test("of a book that is neither the last nor the one before it no more is known than its first sight", () => {
  const other = { ...before, tsMs: 50_000 };

  expect(lastSeenAtMs(book, { looks: looks({ ...changed, before: other }), next: null })).toBe(2_000);
  expect(lastSeenAtMs(book, { looks: looks(changed), next: null })).toBe(2_000);
});
