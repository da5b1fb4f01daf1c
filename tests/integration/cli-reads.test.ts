import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { text } from "node:stream/consumers";
import { isKeyText } from "@polytape/api-access";
import { HOUR_MS, numberEqualTrades, SECOND_MS, type Trade, windowStart } from "@polytape/market-model";
import { aBook, aMarket, aTradeRow } from "@polytape/market-model/testing";
import { type MarketStore, openMarketStore } from "@polytape/market-store";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { makeStoreCopy, type StoreCopy } from "./market-store-copy.ts";
import { deployQueryApi, type QueryApiDeployment } from "./query-api-deployment.ts";

/** The command as it is shipped, reading over the gateway what lies in a real store. */
const MARKET = aMarket();
const START_MS = windowStart(Date.now() - 6 * HOUR_MS, HOUR_MS);
const TRADES = 2_345;

let copy: StoreCopy;
let store: MarketStore;
let deployment: QueryApiDeployment;
let key: string;

beforeAll(async () => {
  copy = await makeStoreCopy(inject("openSearchUrl"));
  store = openMarketStore(copy.settings, { now: () => Date.now() - 10 * SECOND_MS });
  await store.markets.storeMarkets([MARKET], Date.now());
  await store.trades.createTrades(someTrades());
  const book = aBook({ tsMs: START_MS });
  await store.books.storeBooks([{ ...book, observedAtMs: START_MS, previousSeenAtMs: null }]);
  const complete = {
    stream: "trades",
    marketId: null,
    assetId: null,
    state: "complete",
    cause: null,
  } as const;
  await store.coverage.recordIntervals([
    { ...complete, fromMs: START_MS, toMs: START_MS + HOUR_MS, evidence: {} },
  ]);
  await copy.settle();
  deployment = await deployQueryApi(copy.settings.indexPrefix ?? "");
  key = (await polytape("keys", "create", "--plan", "weekly")).lines.at(-1) ?? "";
});

afterAll(async () => {
  await deployment?.close();
  await store?.close();
  await copy?.remove();
});

function someTrades(): Trade[] {
  const rows = Array.from({ length: TRADES }, (_, n) =>
    aTradeRow({ tsSeconds: START_MS / SECOND_MS + (n % 3_000), size: n + 1 }),
  );
  const newestFirst = rows.sort((a, b) => b.tsSeconds - a.tsSeconds);
  return numberEqualTrades().number(newestFirst, { rowSet: "taker", receivedAtMs: START_MS + HOUR_MS });
}

function startPolytape(words: readonly string[]) {
  return spawn(process.execPath, [deployment.program, ...words], {
    env: {
      NATS_URL: deployment.nats.url,
      OPENSEARCH_URL: inject("openSearchUrl"),
      OPENSEARCH_INDEX_PREFIX: copy.settings.indexPrefix,
      POLYTAPE_URL: deployment.gateway.url,
      POLYTAPE_API_KEY: key,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
}

/** Runs the program to its end; `commandLine` is what every user of the machine could see of it. */
async function polytape(...words: string[]) {
  const child = startPolytape(words);
  const commandLine = readFileSync(`/proc/${child.pid}/cmdline`, "utf8");
  const exit = new Promise<number | null>((resolve) => child.once("exit", resolve));
  const [out, errors] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { status: await exit, lines: out.trimEnd().split("\n"), errors, commandLine };
}

const HOUR = ["--from", new Date(START_MS).toISOString(), "--to", new Date(START_MS + HOUR_MS).toISOString()];

test("reads every trade once over the cursors, and says that they are complete", async () => {
  const { status, lines, errors, commandLine } = await polytape(
    "trades",
    "--market",
    MARKET.slug,
    ...HOUR,
    "--all",
    "--format",
    "json",
  );

  expect([status, errors]).toEqual([0, expect.stringContaining(`${TRADES} rows.\nComplete from `)]);
  const sizes = lines.map((line) => JSON.parse(line).size);
  expect(new Set(sizes).size).toBe(TRADES);
  expect(sizes).toHaveLength(TRADES);
  expect(isKeyText(key)).toBe(true);
  expect(commandLine + errors + lines.join()).not.toContain(key.slice(3));
});

test("the same rows come as CSV and in the other order", async () => {
  const { lines } = await polytape(
    "trades",
    "--market",
    MARKET.marketId,
    ...HOUR,
    "--sort",
    "ts:asc",
    "--limit",
    "1500",
    "--format",
    "csv",
  );

  expect(lines).toHaveLength(1_501);
  const times = lines.slice(1).map((line) => line.slice(0, 24));
  expect(times).toEqual([...times].sort());
});

test("a stretch that is not proven complete ends with status 3 and its gap, all rows printed", async () => {
  const { status, lines, errors } = await polytape("trades", "--market", MARKET.slug, "--limit", "5");

  expect(status).toBe(3);
  expect(lines).toHaveLength(6);
  expect(errors).toMatch(/gap: .* unknown/);
  expect(errors).toMatch(/polytape: (It is not known whether this is|This is not) complete/);
});

test("ends with its own status also when nobody listens to what is said on the side", async () => {
  const child = startPolytape(["trades", "--limit", "5"]);
  const exit = new Promise<number | null>((resolve) => child.once("exit", resolve));

  child.stderr.destroy();

  expect((await text(child.stdout)).split("\n")).toHaveLength(7);
  expect(await exit).toBe(3);
});

test("reads the book, a market by each of its names, candles, coverage and the key", async () => {
  const at = new Date(START_MS + 1_000).toISOString();
  const book = await polytape("book", MARKET.slug, "--outcome", "Yes", "--at", at, "--format", "json");
  expect([book.status, JSON.parse(book.lines[0] ?? "")]).toMatchObject([0, { market_id: MARKET.marketId }]);

  for (const name of [MARKET.marketId, MARKET.gammaId, MARKET.slug]) {
    const found = await polytape("market", name, "--format", "json");
    expect(JSON.parse(found.lines[0] ?? "")).toMatchObject({ slug: MARKET.slug });
    const ledger = await polytape("coverage", "--market", name, ...HOUR);
    expect(ledger.lines.at(-1)).toBe("In all: complete 100 %");
  }
  const seen = await polytape("coverage", "--api", "--market", MARKET.slug, ...HOUR);
  expect([seen.status, seen.lines.length]).toEqual([0, 2]);
  expect(seen.errors).toMatch(
    /^1 row.\ntrades: complete 100 %, partial 0 %, missing 0 %, unknown 0 %.\nComplete from /,
  );

  const candles = await polytape(
    "candles",
    MARKET.slug,
    "--outcome",
    "Yes",
    "--interval",
    "1h",
    ...HOUR,
    "--format",
    "csv",
  );
  expect(candles.lines).toHaveLength(2);
  expect((await polytape("me")).lines).toEqual(
    expect.arrayContaining([expect.stringMatching(/^plan +weekly$/)]),
  );
});

test("a wrong question ends with status 2 and the API's sentence, a wrong key with status 1", async () => {
  expect(await polytape("trades", "--side", "left")).toMatchObject({
    status: 2,
    errors: "polytape: side must be buy or sell.\n",
  });
  expect(await polytape("market", "no-such-market")).toMatchObject({ status: 2 });

  const own = key;
  key = (await polytape("keys", "create", "--plan", "weekly")).lines.at(-1) ?? "";
  const id = /key_\w+/.exec((await polytape("keys", "list")).lines.at(-1) ?? "")?.[0] ?? "";
  await polytape("keys", "revoke", id);
  const refused = await polytape("me");
  key = own;
  expect([refused.status, refused.errors]).toEqual([1, expect.stringContaining("no valid key")]);
});
