import { connectPolymarket, type PolymarketSource } from "@polytape/polymarket-source";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Simulator, startSimulator } from "./index.ts";

/** The real client reads the simulated world to the end: the truth comes out, also through faults. */
const EPOCH = Date.UTC(2026, 10, 20, 12);
let simulator: Simulator;
let source: PolymarketSource;

beforeAll(async () => {
  simulator = await startSimulator({
    epochMs: EPOCH,
    marketCount: 400,
    historyHours: 0.2,
    equalRowsShare: 0.1,
    now: () => EPOCH + 120_000,
  });
  const { url } = simulator;
  source = connectPolymarket(
    {
      gammaUrl: `${url}/gamma`,
      dataUrl: `${url}/data`,
      clobUrl: `${url}/clob`,
      limitShare: 1,
      timeoutMs: 5_000,
      triesMax: 6,
    },
    // Its own waiting is its own test; here only what arrives counts.
    { sleep: async () => {} },
  );
});
afterAll(() => simulator.close());

async function truthLines(path: string): Promise<Record<string, unknown>[]> {
  const text = await (await fetch(`${simulator.url}${path}`)).text();
  return text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
}

test("every trade arrives once per occurrence, while requests fail now and then", async () => {
  simulator.setFault({ name: "server-errors", every: 3 });
  simulator.setFault({ name: "truncated-body", every: 4 });
  const read: string[] = [];
  let cursor: string | null = null;
  do {
    const page = await source.readTradePage({ rowSet: "taker", limit: 500, cursor });
    expect(page.rejected).toEqual([]);
    for (const row of page.rows)
      read.push([row.transactionHash, row.assetId, row.wallet, row.side, row.price, row.size].join(" "));
    cursor = page.nextCursor;
  } while (cursor !== null);
  simulator.clearFault("server-errors");
  simulator.clearFault("truncated-body");

  const truth = (await truthLines("/_truth/trades")).flatMap((row) =>
    Array.from({ length: Number(row["multiplicity"]) }, () =>
      [row["transaction_hash"], row["asset_id"], row["wallet"], row["side"], row["price"], row["size"]].join(
        " ",
      ),
    ),
  );
  expect(read.length).toBeGreaterThan(4_000);
  expect(read.sort()).toEqual(truth.sort());
});

test("every market arrives, with the status that the truth knows", async () => {
  const read = new Map<string, string>();
  for (const closed of [false, true]) {
    let cursor: string | null = null;
    do {
      const order = closed ? "newest" : "id";
      const page = await source.readMarketPage({ closed, order, cursor });
      expect(page.rejected).toEqual([]);
      for (const market of page.markets) read.set(market.marketId, market.status);
      cursor = page.nextCursor;
    } while (cursor !== null);
  }

  const truth = (await truthLines("/_truth/markets")).map((line) => [line["market_id"], line["status"]]);
  expect([...read].sort()).toEqual(truth.sort());
});

test("every book arrives verified", async () => {
  const { markets } = await source.readMarketPage({ closed: false, order: "updated", cursor: null });
  const tokens = markets.flatMap((market) => market.outcomes.map((outcome) => outcome.assetId ?? ""));
  const { books, missing, rejected } = await source.readBooks(tokens);

  expect(rejected).toEqual([]);
  expect(books.length + missing.length).toBe(tokens.length);
  expect(books.length).toBeGreaterThan(150);
  expect(books.every((book) => book.verified)).toBe(true);
});

test("every broken trade is rejected, and no other", async () => {
  simulator.setFault({ name: "malformed-rows", share: 0.1, since: 0 });
  let [rows, rejected] = [0, 0];
  let cursor: string | null = null;
  do {
    const page = await source.readTradePage({ rowSet: "taker", limit: 1_000, cursor });
    rows += page.rows.length;
    rejected += page.rejected.length;
    cursor = page.nextCursor;
  } while (cursor !== null);
  const counts = (await (await fetch(`${simulator.url}/_truth/counts`)).json()) as {
    rows: number;
    malformed: number;
  };
  simulator.clearFault("malformed-rows");

  expect(rejected).toBeGreaterThan(100);
  expect({ rows, malformed: rejected }).toEqual({ rows: counts.rows, malformed: counts.malformed });
});
