import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { readEnvironment } from "@polytape/function-runtime";
import {
  feedFunction,
  findFreePorts,
  findRepository,
  listRecordings,
  type RecordingsListing,
  writeFeedStack,
} from "@polytape/local";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { aStack, type TestStack, until } from "./a-stack.ts";

const folder = resolve(findRepository(), readEnvironment()["POLYMARKET_RECORDINGS"] || "../shared/payloads");

/** Real payloads through the real functions: third parties' recordings, never part of the repository. */
describe.runIf(existsSync(folder))("recorded payloads", () => {
  let stack: TestStack;
  let listing: RecordingsListing;
  const home = mkdtempSync(join(tmpdir(), "polytape-recorded-"));

  beforeAll(async () => {
    const repository = findRepository();
    const [spare = 0, port = 0] = await findFreePorts(2);
    listing = await listRecordings(repository, folder, spare);
    const feeds = writeFeedStack(repository, home, listing, `http://127.0.0.1:${port}`);
    stack = await aStack({
      home,
      simulator: { recordings: folder },
      settings: {
        SIMULATOR_PORT: String(port),
        STACK_FILES: `${join(repository, "stack.yml")},${feeds}`,
        BOOK_ASSETS: listing.books.map((book) => book.asset_id).join(","),
        COLLECT_TRADES: "false",
        RETENTION_DAYS: "0",
        POLL_INTERVAL_MARKETS_MS: "3600000",
        POLL_INTERVAL_BOOKS_MS: "3600000",
      },
    });
  });
  afterAll(async () => {
    await stack?.stop();
    rmSync(home, { recursive: true, force: true });
  });

  async function invoke(name: string): Promise<Record<string, unknown>> {
    const answer = await fetch(`${stack.urls.gateway}/function/${name}`, { method: "POST", body: "" });
    expect(answer.status, `${name}: ${await answer.clone().text()}`).toBe(200);
    return (await answer.json()) as Record<string, unknown>;
  }

  /** Recorded feeds overlap, and the store holds their union: a feed's trades are found by their own rows. */
  async function storedOf(
    feed: string,
  ): Promise<{ rows: number; distinct: number; found: number; invented: number }> {
    const answer = await fetch(`${stack.simulatorUrl}/_truth/trades?feed=${feed}`);
    const lines = (await answer.text())
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    let found = 0;
    let invented = 0;
    for (const { market_id, transaction_hash, wallet, side, price, size, ts, multiplicity } of lines) {
      const trades = await stack.store.trades.findTrades({
        marketId: market_id,
        fromMs: ts * 1_000,
        toMs: (ts + 1) * 1_000,
        sort: "asc",
        limit: 1_000,
      });
      const equal = trades.filter(
        (trade) =>
          trade.transactionHash === transaction_hash &&
          trade.wallet === wallet &&
          trade.side === side &&
          trade.price === price &&
          trade.size === size,
      );
      found += Math.min(equal.length, multiplicity);
      invented += Math.max(equal.length - multiplicity, 0);
    }
    return {
      rows: lines.reduce((sum, line) => sum + line.multiplicity, 0),
      distinct: lines.length,
      found,
      invented,
    };
  }

  test("every row of every feed is a trade, equal ones included, and a second run adds none", async () => {
    const first: Record<string, unknown>[] = [];
    for (const feed of listing.feeds) first.push(await invoke(feedFunction(feed.name)));
    for (const feed of listing.feeds) {
      const again = await invoke(feedFunction(feed.name));
      expect(again["stored"], feed.name).toBe(0);
    }

    for (const feed of listing.feeds) {
      // What was written is searchable within a second.
      await until(
        `all rows of ${feed.name}`,
        10,
        async () => (await storedOf(feed.name)).found === feed.rows,
      );
      expect(await storedOf(feed.name), feed.name).toMatchObject({
        rows: feed.rows,
        found: feed.rows,
        invented: 0,
      });
    }
    // Counted in the files themselves; a trade that an earlier feed holds too is stored once.
    const rowsOf = Object.fromEntries(listing.feeds.map((feed) => [feed.name, feed.rows]));
    expect(rowsOf).toEqual({
      nt_trades_v1_minimal_fields: 3,
      trades_v1_baguette_10pm: 6,
      trades_v1_baguette_trades: 35,
      trades_v1_gabagool_945pm: 45,
      trades_v1_user_500_a: 250,
      trades_v2_page: 2,
    });
    const gabagool = listing.feeds.findIndex((feed) => feed.name === "trades_v1_gabagool_945pm");
    expect(first[gabagool]).toMatchObject({ stored: 45, rejected: 0 });
    expect((await storedOf("trades_v1_gabagool_945pm")).distinct).toBe(42);
  });

  test("every recorded market is stored in its last version, none crashes a run, changes are kept", async () => {
    for (let run = 0; run <= listing.counts.versions_max; run += 1) {
      expect(await invoke("ingest-markets")).toMatchObject({ rejected: 0 });
    }

    const answer = await fetch(`${stack.simulatorUrl}/_truth/markets`);
    const recorded = (await answer.text())
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    const ids = recorded.map((market) => String(market.market_id).toLowerCase());
    const found = await stack.store.markets.findMarkets(ids);
    expect(found.size).toBe(listing.counts.markets);
    for (const market of recorded) {
      const stored = found.get(String(market.market_id).toLowerCase());
      expect(stored, market.slug).toMatchObject({
        gammaId: market.gamma_id,
        slug: market.slug,
        title: market.title,
      });
      expect(stored?.status === "open", market.slug).toBe(market.closed === false);
    }
  });

  test("every recorded book whose hash holds is stored and served as verified", async () => {
    await invoke("snapshot-book");
    expect(await invoke("snapshot-book")).toMatchObject({ stored: 0, unchanged: listing.books.length });

    const key = stack.makeKey();
    for (const book of listing.books) {
      const path = `/v1/orderbook?market_id=${book.market}&outcome=${book.asset_id}`;
      const answer = await until(`the book of ${book.asset_id}`, 10, async () => {
        const asked = await stack.ask(path, key);
        return asked.status === 200 && asked;
      });
      expect(answer, book.file).toMatchObject({
        status: 200,
        body: { verified: book.verified, asset_id: book.asset_id },
      });
    }
  });
});
