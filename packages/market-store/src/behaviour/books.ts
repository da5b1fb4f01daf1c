import type { ObservedBook } from "@polytape/market-model";
import { aBook } from "@polytape/market-model/testing";
import { describe, expect, it } from "vitest";
import { BOOKS_CHECKPOINT } from "../books/last-seen.ts";
import { freshIds, type StoreUnderTest } from "./store-under-test.ts";

const T = 1_785_000_000_000;

export function describeBooks(open: () => StoreUnderTest): void {
  function seen(
    assetId: string,
    tsMs: number,
    changes: Partial<ObservedBook & { previousSeenAtMs: number }> = {},
  ) {
    return { ...aBook({ assetId, tsMs }), observedAtMs: tsMs + 500, previousSeenAtMs: null, ...changes };
  }

  describe("books", () => {
    it("returns a book as it was given, levels best first, and counts it once", async () => {
      const { store, settle } = open();
      const { assetId } = freshIds();
      const book = seen(assetId, T, { bids: [], tickSize: null, negRisk: null });

      const first = await store.books.storeBooks([book]);
      const again = await store.books.storeBooks([book, seen(assetId, T + 1_000)]);
      await settle();
      const found = await store.books.findBook({ assetId, atMs: T, match: "before" });

      expect(first).toEqual({ stored: 1, repeated: 0, collided: [] });
      expect(again).toEqual({ stored: 1, repeated: 1, collided: [] });
      const { previousSeenAtMs: _, ...expected } = book;
      expect(found).toEqual({ ...expected, lastSeenAtMs: book.observedAtMs });
    });

    // Counted as a repeat, the second book would be lost without a word.
    it("keeps the first of two books of one millisecond and names the other as collided", async () => {
      const { store, settle } = open();
      const { assetId } = freshIds();
      const [first, second] = [seen(assetId, T, { hash: "first" }), seen(assetId, T, { hash: "second" })];
      await store.books.storeBooks([first]);

      const result = await store.books.storeBooks([second, first, seen(assetId, T + 1_000)]);
      await settle();

      expect(result).toEqual({
        stored: 1,
        repeated: 1,
        collided: [{ assetId, tsMs: T, hash: "second", storedHash: "first" }],
      });
      expect(await store.books.findBook({ assetId, atMs: T, match: "before" })).toMatchObject({
        hash: "first",
      });
    });

    it("finds the newest book at or before a moment, or the nearest on either side", async () => {
      const { store, settle } = open();
      const { assetId } = freshIds();
      await store.books.storeBooks([T, T + 10_000, T + 30_000].map((tsMs) => seen(assetId, tsMs)));
      await settle();
      const tsOf = async (atMs: number, match: "before" | "nearest") =>
        (await store.books.findBook({ assetId, atMs, match }))?.tsMs ?? null;

      expect(await tsOf(T - 1, "before")).toBeNull();
      expect(await tsOf(T + 10_000, "before")).toBe(T + 10_000);
      expect(await tsOf(T + 29_999, "before")).toBe(T + 10_000);
      expect(await tsOf(T - 1, "nearest")).toBe(T);
      expect(await tsOf(T + 29_999, "nearest")).toBe(T + 30_000);
      expect(await tsOf(T + 20_000, "nearest")).toBe(T + 10_000);
      expect(await tsOf(T + 99_000, "nearest")).toBe(T + 30_000);
    });

    // Otherwise `nearest` would refuse the book that is known to have stood, for one that was not there yet.
    it("counts a book as near for as long as it was seen to stand, not only when it came", async () => {
      const { store, settle } = open();
      const { assetId } = freshIds();
      const next = seen(assetId, T + 30_000, { previousSeenAtMs: T + 26_000 });
      await store.books.storeBooks([seen(assetId, T), next]);
      await settle();
      const tsOf = async (atMs: number) =>
        (await store.books.findBook({ assetId, atMs, match: "nearest" }))?.tsMs;

      expect(await tsOf(T + 20_000)).toBe(T);
      expect(await tsOf(T + 28_000)).toBe(T);
      expect(await tsOf(T + 28_001)).toBe(T + 30_000);
    });

    it("gives one side when asked for one", async () => {
      const { store, settle } = open();
      const { assetId } = freshIds();
      const book = seen(assetId, T);
      await store.books.storeBooks([book]);
      await settle();

      const bid = await store.books.findBook({ assetId, atMs: T, match: "before", side: "bid" });
      const ask = await store.books.findBook({ assetId, atMs: T, match: "before", side: "ask" });

      expect(bid).toMatchObject({ bids: book.bids, asks: [] });
      expect(ask).toMatchObject({ bids: [], asks: book.asks });
    });

    // Half a book looks like a market without sellers: an answer that nobody should act on.
    it("never serves a book of which one side's document is missing, but the whole one before it", async () => {
      const { store, settle, loseBookSide } = open();
      const { assetId, otherAssetId } = freshIds();
      await store.books.storeBooks([seen(assetId, T), seen(assetId, T + 1_000), seen(otherAssetId, T)]);
      await loseBookSide(assetId, T + 1_000, "ask");
      await loseBookSide(otherAssetId, T, "bid");
      await settle();

      const older = await store.books.findBook({ assetId, atMs: T + 5_000, match: "before", side: "bid" });
      const nearest = await store.books.findBook({ assetId, atMs: T + 1_000, match: "nearest" });
      const none = await store.books.findBook({
        assetId: otherAssetId,
        atMs: T,
        match: "before",
        side: "ask",
      });

      expect(older?.tsMs).toBe(T);
      expect(nearest?.tsMs).toBe(T);
      expect(none).toBeNull();
    });

    it("finds the whole book beneath many halves", async () => {
      const { store, settle, loseBookSide } = open();
      const { assetId } = freshIds();
      const times = Array.from({ length: 8 }, (_, i) => T + i * 1_000);
      await store.books.storeBooks(times.map((tsMs) => seen(assetId, tsMs)));
      for (const tsMs of times.slice(1)) await loseBookSide(assetId, tsMs, "bid");
      await settle();

      expect((await store.books.findBook({ assetId, atMs: T + 9_000, match: "before" }))?.tsMs).toBe(T);
    });

    it("says when a book was last seen: by its successor, or by the last books, noted a second ago", async () => {
      const { store, settle, clock } = open();
      const { assetId } = freshIds();
      const last = seen(assetId, T + 60_000, { previousSeenAtMs: T + 50_000 });
      await store.books.storeBooks([seen(assetId, T), last]);
      const checkpoint = await store.checkpoints.read(BOOKS_CHECKPOINT);
      const tokens = { [assetId]: { hash: last.hash, tsMs: last.tsMs, observedAtMs: T + 90_000 } };
      await store.checkpoints.write(BOOKS_CHECKPOINT, { tokens }, checkpoint?.version ?? null);
      await settle();
      clock.nowMs += 1_000;
      const lastSeenOf = async (atMs: number, match: "before" | "nearest") =>
        (await store.books.findBook({ assetId, atMs, match }))?.lastSeenAtMs;

      expect(await lastSeenOf(T + 10_000, "before")).toBe(T + 50_000);
      expect(await lastSeenOf(T + 60_000, "before")).toBe(T + 90_000);
      expect(await lastSeenOf(T + 59_000, "nearest")).toBe(T + 90_000);
      expect(await lastSeenOf(T - 1, "nearest")).toBe(T + 50_000);
    });
  });
}
