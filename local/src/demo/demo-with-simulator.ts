import { join } from "node:path";
import { askApi, at, type DemoApi, type Json } from "./ask-api.ts";
import { type DemoGround, demoHome, makeKey, startDemoStack } from "./start-demo-stack.ts";

/**
 * Everything against a simulated Polymarket: installs, starts, waits for data that came the whole way, makes
 * a key and shows real answers.
 */
export async function demoWithSimulator(ground: DemoGround): Promise<void> {
  const home = demoHome(ground, "simulator");
  const plan = await startDemoStack(ground, home, {
    SIMULATOR: "true",
    SIMULATOR_ARGS: `--epoch-file ${join(home, "simulated-world")}`,
  });
  const key = await makeKey(plan);
  const api = askApi(plan.urls.gateway, key, ground.tell);
  const marketId = await waitForData(api);
  await showAnswers(api, marketId);
  ground.tell(
    [
      "",
      `API      ${plan.urls.gateway}/v1   (documents: ${plan.urls.gateway}/docs)`,
      `key      ${key}`,
      `upstream ${plan.urls.simulator} (a simulation: no market or trade of it is real)`,
      `try      curl -H 'X-API-Key: ${key}' '${plan.urls.gateway}/v1/trades?limit=3'`,
      "stop     make down   (the data stay)",
    ].join("\n"),
  );
}

/** A market whose trades, candles and book have all arrived. */
async function waitForData(api: DemoApi): Promise<string> {
  await api.until("markets", () => firstRow(api, "/v1/markets?limit=1"));
  await api.until("trades", () => firstRow(api, "/v1/trades?limit=1"));
  return api.until("candles and a book of one market", async () => {
    const trades = await api.get("/v1/trades?limit=500");
    for (const marketId of marketsOf(trades.body).slice(0, 3)) {
      const book = await api.get(`/v1/orderbook?market_id=${marketId}&outcome=0`);
      const candles = await api.get(
        `/v1/candles?market_id=${marketId}&outcome=0&interval=1m${lastMinutes()}`,
      );
      if (book.status === 200 && JSON.stringify(candles.body).includes('"observed":true')) return marketId;
    }
    return null;
  });
}

async function firstRow(api: DemoApi, path: string): Promise<Json> {
  return at((await api.get(path)).body, "data", 0);
}

/** The markets of a list of trades, the most frequent first. */
function marketsOf(body: Json): string[] {
  const rows = at(body, "data");
  const counts = new Map<string, number>();
  for (const row of Array.isArray(rows) ? rows : []) {
    const marketId = String(at(row, "market_id"));
    counts.set(marketId, (counts.get(marketId) ?? 0) + 1);
  }
  return [...counts].sort(([, a], [, b]) => b - a).map(([marketId]) => marketId);
}

/** The last five minutes, as parameters. */
function lastMinutes(): string {
  return `&from=${Date.now() - 300_000}&to=${Date.now()}`;
}

async function showAnswers(api: DemoApi, marketId: string): Promise<void> {
  await api.show("/health");
  await api.show("/v1/markets?limit=1&status=open");
  await api.show(`/v1/trades?market_id=${marketId}&outcome=0&limit=2&aggregates=volume,vwap`);
  await api.show(`/v1/candles?market_id=${marketId}&outcome=0&interval=1m${lastMinutes()}`);
  await api.show(`/v1/orderbook?market_id=${marketId}&outcome=0`);
  await api.show("/v1/status");
}
