import { aBook, aMarket, aTradeRow } from "@polytape/market-model/testing";
import { expect, test } from "vitest";
import { inMemorySource } from "./in-memory.ts";

const rows = [5, 4, 3, 2, 1].map((second) => aTradeRow({ tsSeconds: second }));
const seconds = (page: { rows: readonly { tsSeconds: number }[] }) => page.rows.map((row) => row.tsSeconds);
const head = { rowSet: "taker", limit: 2, cursor: null } as const;

test("pages trades newest first, and new rows at the head move no cursor", async () => {
  const source = inMemorySource({ trades: rows });

  const first = await source.readTradePage(head);
  source.addNewestTrades([aTradeRow({ tsSeconds: 6 })]);
  const second = await source.readTradePage({ ...head, cursor: first.nextCursor });
  const third = await source.readTradePage({ ...head, limit: 500, cursor: second.nextCursor });

  expect([first, second, third].map(seconds)).toEqual([[5, 4], [3, 2], [1]]);
  expect(third.nextCursor).toBeNull();
  expect(seconds(await source.readTradePage(head))).toEqual([6, 5]);
});

test("keeps equal rows apart", async () => {
  const fill = aTradeRow();
  const source = inMemorySource({ trades: [fill, fill, fill, aTradeRow(), fill] });

  const first = await source.readTradePage(head);
  source.addNewestTrades([fill]);
  const second = await source.readTradePage({ ...head, cursor: first.nextCursor });
  const third = await source.readTradePage({ ...head, cursor: second.nextCursor });

  expect([first, second, third].map((page) => page.rows.length)).toEqual([2, 2, 1]);
  expect(third.nextCursor).toBeNull();
});

test("refuses a cursor it did not give, and one of another row set", async () => {
  const source = inMemorySource({ trades: rows });
  const { nextCursor } = await source.readTradePage(head);

  await expect(source.readTradePage({ ...head, cursor: "forged" })).rejects.toMatchObject({
    code: "cursor_refused",
  });
  await expect(source.readTradePage({ ...head, rowSet: "all", cursor: nextCursor })).rejects.toMatchObject({
    code: "cursor_refused",
  });
});

test("serves one market's trades alone, with cursors of that feed only", async () => {
  const other = aTradeRow({ marketId: `0x${"d4".repeat(32)}` });
  const source = inMemorySource({ trades: [aTradeRow(), other, aTradeRow(), other] });
  const ofOther = { ...head, limit: 1, marketId: other.marketId };

  const first = await source.readTradePage(ofOther);
  const second = await source.readTradePage({ ...ofOther, cursor: first.nextCursor });

  expect([...first.rows, ...second.rows]).toEqual([other, other]);
  expect(second.nextCursor).toBeNull();
  await expect(source.readTradePage({ ...head, cursor: first.nextCursor })).rejects.toMatchObject({
    code: "cursor_refused",
  });
});

test("fails the nth call from now once, and tells what was asked", async () => {
  const source = inMemorySource({ trades: rows });
  source.failCall(2);

  await source.readTradePage(head);
  await expect(source.readTradePage(head)).rejects.toMatchObject({ code: "upstream_unavailable" });
  expect(seconds(await source.readTradePage(head))).toEqual([5, 4]);
  expect(source.calls).toHaveLength(3);
});

test("serves like v1 what is not whole: cut seconds, and a cap above the oldest rows", async () => {
  const source = inMemorySource({ trades: rows, v1: { cutSeconds: [4], cappedBelowSeconds: 2 } });

  const first = await source.readTradePage(head);
  const second = await source.readTradePage({ ...head, cursor: first.nextCursor });

  expect(first).toMatchObject({ version: "v1", cutSeconds: [4], isCapped: false });
  expect(second).toMatchObject({ version: "v1", cutSeconds: [], isCapped: true, nextCursor: null });
  expect([first, second].map(seconds)).toEqual([
    [5, 4],
    [3, 2],
  ]);
});

test("serves rejected records beside the others", async () => {
  const bad = { kind: "trade", reason: "side: HOLD", raw: {}, receivedAtMs: 1 } as const;
  const source = inMemorySource({ trades: [aTradeRow(), bad] });

  const page = await source.readTradePage(head);

  expect([page.rows.length, page.rejected]).toEqual([1, [bad]]);
});

test("pages the catalogue by state and order", async () => {
  const market = (gammaId: string, updatedAtMs: number, status: "open" | "closed" = "open") =>
    aMarket({ gammaId, updatedAtMs, status });
  const source = inMemorySource({
    markets: [market("10", 1), market("9", 3), market("11", 2), market("12", 4, "closed")],
    marketsPerPage: 2,
  });
  const read = async (order: "id" | "newest" | "updated", cursor: string | null) => {
    const page = await source.readMarketPage({ closed: false, order, cursor });
    return { ids: page.markets.map(({ gammaId }) => gammaId), next: page.nextCursor };
  };

  const first = await read("id", null);
  expect(first.ids).toEqual(["9", "10"]);
  expect(await read("id", first.next)).toEqual({ ids: ["11"], next: null });
  expect((await read("newest", null)).ids).toEqual(["11", "10"]);
  expect((await read("updated", null)).ids).toEqual(["9", "11"]);
});

test("names the tokens that have no book", async () => {
  const source = inMemorySource({ books: [{ ...aBook({ assetId: "1" }), observedAtMs: 5 }] });

  const answer = await source.readBooks(["1", "2", "2"]);

  expect(answer.books.map((book) => book.assetId)).toEqual(["1"]);
  expect(answer.missing).toEqual(["2"]);
});
