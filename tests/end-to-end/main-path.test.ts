import { join } from "node:path";
import { findFreePorts } from "@polytape/local";
import { readStack } from "@polytape/local/gateway";
import { afterAll, beforeAll, expect, test } from "vitest";
import { documentedMetrics } from "../house-rules/metrics-table.ts";
import { ROOT } from "../house-rules/repository.ts";
import { aStack, type TestStack, until } from "./a-stack.ts";
import { countTape, readTruth } from "./truth.ts";

/**
 * The whole way, nothing replaced but Polymarket: NATS schedule → function-trigger → gateway → function →
 * OpenSearch → query-api.
 */
let stack: TestStack;
let key: string;
let triggerUrl: string;
const epochSeconds = Math.floor(Date.now() / 1_000);

beforeAll(async () => {
  const [metricsPort = 0] = await findFreePorts(1);
  triggerUrl = `http://127.0.0.1:${metricsPort}`;
  stack = await aStack({
    simulator: {
      seed: 7,
      args: [
        "--epoch",
        String(epochSeconds),
        "--markets",
        "120",
        "--history-hours",
        "0.2",
        "--history-rate",
        "5",
        "--fault",
        "late-trades:share=0.1,delay_seconds=10",
      ],
    },
    settings: {
      POLL_INTERVAL_TRADES_MS: "1000",
      POLL_INTERVAL_BOOKS_MS: "2000",
      POLL_INTERVAL_MARKETS_MS: "2000",
      SETTLE_SECONDS: "20",
      SETTLE_EVERY_SECONDS: "5",
      TRIGGER_METRICS_PORT: String(metricsPort),
    },
  });
  key = stack.makeKey();
});
afterAll(() => stack?.stop());

type List = { data: Record<string, unknown>[]; coverage: { complete: boolean | null } };

async function list(path: string): Promise<List> {
  const answer = await stack.ask(path, key);
  expect(answer.status, path).toBe(200);
  return answer.body as List;
}

test("answers health without a key, and nothing else", async () => {
  expect(await stack.ask("/health")).toMatchObject({ status: 200, body: { status: "ok" } });
  for (const path of ["/v1/markets", "/v1/trades", "/v1/me", "/v1/status", "/v1/coverage"]) {
    expect((await stack.ask(path)).status, path).toBe(401);
    expect((await stack.ask(path, "pt_not-a-key")).status, path).toBe(401);
  }
});

test("serves markets as the simulator knows them", async () => {
  const truth = (await (await fetch(`${stack.simulatorUrl}/_truth/markets`)).text())
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  const sound = truth.filter((market) => market.flaw === null && market.status === "resolved");
  const market = sound[Math.floor(sound.length / 2)];

  const served = await until("the market in the catalogue", 60, async () => {
    const answer = await stack.ask(`/v1/markets/${market.market_id}`, key);
    return answer.status === 200 && (answer.body as Record<string, unknown>);
  });

  expect(served).toMatchObject({
    market_id: market.market_id,
    gamma_id: market.gamma_id,
    slug: market.slug,
    status: market.status,
  });
  const winners = (served["outcomes"] as { name: string; winner: boolean }[]).filter(({ winner }) => winner);
  expect(winners.map(({ name }) => name)).toEqual([market.winner]);
  // By slug and Gamma id it is found by search, a second after it was written.
  for (const id of [market.slug, market.gamma_id]) {
    await until(`the market by ${id}`, 10, async () => {
      const { body } = await stack.ask(`/v1/markets/${id}`, key);
      return (body as Record<string, unknown>)["market_id"] === market.market_id;
    });
  }
});

// One row in ten appears below the head, ten seconds late: the tail alone would miss it for ever.
test("serves exactly the trades that the upstream made, late ones too, once it says that they are complete", async () => {
  const from = epochSeconds - 600;
  const to = Math.floor(Date.now() / 1_000);
  await until("complete coverage up to now", 120, async () => {
    const { coverage } = await list(`/v1/trades?limit=1&from=${from}&to=${to}`);
    return coverage.complete === true;
  });
  const truth = await readTruth(stack.simulatorUrl, { from, to });

  const rows: Record<string, unknown>[] = [];
  for (let cursor: string | null = ""; cursor !== null; ) {
    const page: List & { next_cursor?: string | null } = await list(
      `/v1/trades?limit=1000&sort=ts:asc&from=${from}&to=${to}${cursor && `&cursor=${encodeURIComponent(cursor)}`}`,
    );
    rows.push(...page.data);
    cursor = page.next_cursor ?? null;
  }

  const served = countTape(
    rows.map((row) => ({
      transactionHash: String(row["transaction_hash"]),
      marketId: String(row["market_id"]),
      assetId: String(row["asset_id"]),
      wallet: String(row["wallet"]),
      side: row["side"] === "buy" ? "buy" : "sell",
      price: Number(row["price"]),
      size: Number(row["size"]),
      tsSeconds: Date.parse(String(row["ts"])) / 1_000,
      tradeId: String(row["trade_id"]),
      tie: 0,
      occurrence: 0,
      rowSet: "taker",
      receivedAtMs: 0,
      ingestedAtMs: 0,
    })),
  );
  expect(served).toEqual(truth);
  expect(new Set(rows.map((row) => row["trade_id"])).size).toBe(rows.length);
});

test("serves candles and a verified book of a market that trades", async () => {
  const found = await until("a market with candles and a book", 90, async () => {
    for (const { market_id } of (await list("/v1/trades?limit=100")).data.slice(0, 20)) {
      const book = await stack.ask(`/v1/orderbook?market_id=${market_id}&outcome=0`, key);
      const from = Date.now() - 600_000;
      const candles = await stack.ask(
        `/v1/candles?market_id=${market_id}&outcome=0&interval=1m&from=${from}`,
        key,
      );
      const observed = JSON.stringify(candles.body).includes('"observed":true');
      if (book.status === 200 && candles.status === 200 && observed)
        return { book: book.body, candles: candles.body };
    }
    return null;
  });

  expect(found.book).toMatchObject({ verified: true, source: "snapshot" });
  const { candles } = found.candles as { candles: { open_time: string }[] };
  const times = candles.map((candle) => Date.parse(candle.open_time));
  expect(times.slice(1).map((time, index) => time - (times[index] ?? 0))).toEqual(
    times.slice(1).map(() => 60_000),
  );
});

test("refuses malformed requests in the envelope", async () => {
  for (const path of [
    "/v1/trades?limit=0",
    "/v1/trades?nonsense=1",
    "/v1/candles",
    "/v1/orderbook?market_id=x",
    "/v1/trades?cursor=abc",
  ]) {
    const answer = await stack.ask(path, key);
    expect([400, 404], path).toContain(answer.status);
    expect(answer.body, path).toMatchObject({
      error: { code: expect.any(String), message: expect.any(String) },
      request_id: expect.any(String),
    });
  }
});

test("answers 404 for a function that does not exist, and hides the functions from strangers", async () => {
  expect((await stack.ask("/function/no-such-function")).status).toBe(404);
  expect((await stack.ask("/system/functions")).status).toBe(401);
});

test("serves every metric of docs/metrics.md, by whom the page says", async () => {
  const functions = readStack([join(ROOT, "stack.yml")], {}).map(({ name }) => name);
  const documented = documentedMetrics(functions.filter((name) => name !== "query-api"));
  const yesterday = new Date(Date.now() - 86_400_000).toISOString().slice(0, 10);
  const [trade] = (await list("/v1/trades?limit=1")).data;
  const call = (name: string, body: object) =>
    fetch(`${stack.urls.gateway}/function/${name}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
  // Not waited for: their ticks are up to an hour away. The backfill says of yesterday what self-check then doubts.
  await call("enforce-retention", { dry_run: true });
  await call("backfill-trades", { from: `${yesterday}T00:00:00Z` });
  let missing: string[] = [];

  await until("every metric", 90, async () => {
    await call("self-check", { day: yesterday, markets: [trade?.["market_id"]] });
    const addresses = functions.map((name) => [name, `${stack.urls.gateway}/function/${name}/metrics`]);
    const texts = new Map<string, string>();
    for (const [name = "", url = ""] of [...addresses, ["function-trigger", `${triggerUrl}/metrics`]])
      texts.set(name, await (await fetch(url)).text());
    missing = documented.flatMap(({ name, tellers }) =>
      tellers
        .filter((teller) => !texts.get(teller)?.includes(`# TYPE ${name} `))
        .map((teller) => `${name} of ${teller}`),
    );
    return missing.length === 0;
  }).catch(() => undefined);

  expect(missing).toEqual([]);
});
