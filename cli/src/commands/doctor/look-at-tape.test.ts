import { foldTrades, HOUR_MS, MINUTE_MS, numberEqualTrades } from "@polytape/market-model";
import { aMarket, aTradeRow } from "@polytape/market-model/testing";
import { BOOKS_CHECKPOINT } from "@polytape/market-store";
import { expect, test } from "vitest";
import { aShell, NOW } from "../../testing.ts";

async function findings({ call }: ReturnType<typeof aShell>) {
  const { out } = await call("doctor", "--json");
  return new Map(out.map((line) => [JSON.parse(line).check, JSON.parse(line)]));
}

test("an empty store says of each collector that nothing is there, and for whom to wait", async () => {
  const found = await findings(aShell());

  for (const check of ["markets", "books", "retention"])
    expect(found.get(check)).toMatchObject({ verdict: "warning", cure: expect.stringMatching(/wait|hour/) });
  expect(found.get("candles").verdict).toBe("ok");
});

test("collectors that are switched off are no trouble", async () => {
  const variables = { COLLECT_TRADES: "false", COLLECT_MARKETS: "false", COLLECT_BOOKS: "false" };

  const found = await findings(aShell({ surroundings: { variables } }));

  for (const check of ["ingest lag", "coverage", "markets", "books"])
    expect(found.get(check)).toMatchObject({ verdict: "ok", said: expect.stringContaining("=false") });
});

test("markets are as fresh as their newest update or the last look that found one changed", async () => {
  const shell = aShell();
  const feeds = (newestMs: number) => ({ open: { newestMs, leftover: null }, closed: { newestMs: null } });
  const version = await shell.store.checkpoints.write("markets:recent", feeds(NOW - 7 * HOUR_MS), null);

  expect((await findings(shell)).get("markets").said).toContain("7 h old");
  await shell.store.markets.storeMarkets([aMarket()], NOW - HOUR_MS);
  expect((await findings(shell)).get("markets").said).toContain("60 min old");
  await shell.store.checkpoints.write("markets:recent", feeds(NOW - 9_000), version);
  expect((await findings(shell)).get("markets")).toMatchObject({
    verdict: "ok",
    said: expect.stringContaining("9 s"),
  });
});

test("books are as fresh as the last look at any of them", async () => {
  const shell = aShell();
  const seen = (observedAtMs: number) => ({ hash: "h", tsMs: NOW - 9 * HOUR_MS, observedAtMs });
  const tokens = { a: seen(NOW - 2 * HOUR_MS), b: seen(NOW - 20_000) };

  await shell.store.checkpoints.write(BOOKS_CHECKPOINT, { tokens, unread: [] }, null);

  expect((await findings(shell)).get("books")).toMatchObject({
    verdict: "ok",
    said: "the last look at a book is 20 s old",
  });
});

test("candles are missed where none of the trades of an age has one", async () => {
  const shell = aShell();
  const { store } = shell;
  const ages = [10 * MINUTE_MS, 70 * MINUTE_MS];
  const rows = ages.map((ageMs) => aTradeRow({ tsSeconds: (NOW - ageMs) / 1_000 }));
  const trades = numberEqualTrades(null).number(rows, { rowSet: "taker", receivedAtMs: NOW });
  await store.trades.createTrades(trades);
  const build = (place: number) =>
    store.candles.writeCandles([
      { candle: foldTrades(trades.slice(place, place + 1)), rev: 0, replaces: null },
    ]);

  expect((await findings(shell)).get("candles")).toMatchObject({
    verdict: "warning",
    said: "trades of 60 min ago have none",
  });
  await build(1);
  expect((await findings(shell)).get("candles").said).toBe(
    "trades of 5 min ago have none, those of 60 min ago have",
  );
  await build(0);
  expect((await findings(shell)).get("candles")).toMatchObject({ verdict: "ok" });
});

test("a retention that refused is told until it has run again", async () => {
  const shell = aShell();
  const said = (outcome: string) => ({ outcome, atMs: NOW - 60_000 });

  const version = await shell.store.checkpoints.write("retention", said("refused"), null);
  expect((await findings(shell)).get("retention").verdict).toBe("failed");
  await shell.store.checkpoints.write("retention", said("done"), version);
  expect((await findings(shell)).get("retention").verdict).toBe("ok");
});
