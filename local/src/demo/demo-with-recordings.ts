import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { PolytapeError } from "@polytape/market-model";
import { z } from "zod";
import { findFreePorts } from "../ports.ts";
import type { StackPlan } from "../stack-plan.ts";
import { askApi, at, type DemoApi } from "./ask-api.ts";
import { feedFunction, listRecordings, type RecordingsListing, writeFeedStack } from "./recorded-feeds.ts";
import { type DemoGround, demoHome, makeKey, runOperator, startDemoStack } from "./start-demo-stack.ts";

const RUNS_MAX = 50;

/**
 * Sends every recorded market, trade row and book through the real functions, twice, and shows what was
 * stored, what was rejected and why, and answers read back. Recordings are older than any retention, so
 * everything is kept; their times are never shifted.
 */
export async function demoWithRecordings(ground: DemoGround, folder: string): Promise<void> {
  const recordings = resolve(ground.repository, folder);
  const home = demoHome(ground, "recordings");
  mkdirSync(home, { recursive: true });
  const [spare = 0] = await findFreePorts(1);
  const port = ground.environment["SIMULATOR_PORT"] || "8090";
  const listing = await listRecordings(ground.repository, recordings, spare);
  const feedStack = writeFeedStack(ground.repository, home, listing, `http://127.0.0.1:${port}`);
  const plan = await startDemoStack(ground, home, {
    SIMULATOR: "true",
    SIMULATOR_PORT: port,
    SIMULATOR_RECORDINGS: recordings,
    RETENTION_DAYS: "0",
    // The feeds have functions of their own, which the demonstration calls.
    COLLECT_TRADES: "false",
    // Ticks that come by themselves would store before the demonstration counts.
    POLL_INTERVAL_BOOKS_MS: "3600000",
    POLL_INTERVAL_MARKETS_MS: "3600000",
    BOOK_ASSETS: listing.books.map((book) => book.asset_id).join(","),
    STACK_FILES: `${join(ground.repository, "stack.yml")},${feedStack}`,
  });

  ground.tell(`\nRecorded: ${describe(listing)}`);
  for (const pass of ["first pass", "second pass, which must store nothing new"]) {
    ground.tell(`\n${pass}`);
    await collectAll(ground, plan, listing);
  }
  ground.tell("\nRejected, with reasons:");
  ground.tell((await runOperator(plan, ["rejected", "list"])).stdout.trimEnd());
  for (const { file, reason } of listing.left_out)
    ground.tell(`not offered by the simulator: ${file}: ${reason}`);

  const key = await makeKey(plan);
  await showAnswers(askApi(plan.urls.gateway, key, ground.tell), listing);
  ground.tell(
    ["", `API      ${plan.urls.gateway}/v1`, `key      ${key}`, "stop     make down   (the data stay)"].join(
      "\n",
    ),
  );
}

function describe({ counts, feeds }: RecordingsListing): string {
  return `${counts.markets} markets in ${counts.market_versions} versions, ${counts.rows} trade rows in ${feeds.length} feeds, ${counts.books} books`;
}

async function collectAll(ground: DemoGround, plan: StackPlan, listing: RecordingsListing): Promise<void> {
  const markets = { created: 0, updated: 0, changes: 0, rejected: 0 };
  // Each reading of a market gives its next recorded version.
  for (let run = 0; run < listing.counts.versions_max + 1; run += 1) {
    const report = await invoke(plan, "ingest-markets");
    for (const name of Object.keys(markets) as (keyof typeof markets)[])
      markets[name] += Number(report[name] ?? 0);
  }
  ground.tell(line("markets", markets));
  for (const feed of listing.feeds) {
    const rows = { rows: 0, stored: 0, repeated: 0, rejected: 0 };
    let walk: unknown = "open";
    for (let run = 0; run < RUNS_MAX; run += 1) {
      const report = await invoke(plan, feedFunction(feed.name));
      for (const name of Object.keys(rows) as (keyof typeof rows)[]) rows[name] += Number(report[name] ?? 0);
      walk = report["walk"];
      if (walk !== "open") break;
    }
    // A quiet walk looked at the feed and found only rows that are stored already.
    ground.tell(line(`trades of ${feed.name} (${feed.rows} rows)`, { ...rows, walk }));
  }
  const { stored, unchanged, unverified, rejected, missing } = await invoke(plan, "snapshot-book");
  ground.tell(line("books", { stored, unchanged, unverified, rejected, missing }));
}

function line(what: string, counts: Record<string, unknown>): string {
  const told = Object.entries(counts).map(([name, count]) => `${name} ${String(count)}`);
  return `  ${what.padEnd(52)} ${told.join(", ")}`;
}

/** Calls a function through the gateway, as `faas-cli invoke` does. */
async function invoke(plan: StackPlan, name: string): Promise<Record<string, unknown>> {
  const answer = await fetch(`${plan.urls.gateway}/function/${name}`, { method: "POST", body: "" });
  const text = await answer.text();
  if (answer.ok) return z.record(z.string(), z.unknown()).parse(JSON.parse(text));
  throw new PolytapeError(
    "operating",
    "invocation_failed",
    `${name} answered ${answer.status}: ${text.slice(0, 500)}`,
  );
}

async function showAnswers(api: DemoApi, listing: RecordingsListing): Promise<void> {
  await api.show("/v1/trades?row_set=all&limit=1");
  const trades = await api.show("/v1/trades?limit=1");
  const marketId = String(at(trades, "data", 0, "market_id"));
  const assetId = String(at(trades, "data", 0, "asset_id"));
  const tsMs = Date.parse(String(at(trades, "data", 0, "ts")));
  // Most markets that were traded in the recordings have no market object in them: asked for by token.
  const path = `/v1/candles?market_id=${marketId}&outcome=${assetId}&interval=1m&from=${tsMs - 120_000}&to=${tsMs + 60_000}`;
  await api.until("the candle of the newest recorded minute", async () => {
    const { body } = await api.get(path);
    return JSON.stringify(body).includes('"observed":true') || null;
  });
  await api.show(path);
  const book = listing.books.find((each) => each.verified);
  if (book) await api.show(`/v1/orderbook?market_id=${book.market}&outcome=${book.asset_id}`);
  await api.show("/v1/markets?status=resolved&limit=1");
}
