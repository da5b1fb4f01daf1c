import { afterAll, beforeAll, expect, test } from "vitest";
import { type Simulator, startSimulator } from "../index.ts";

const EPOCH = Date.UTC(2026, 10, 20, 12);
let simulator: Simulator;
let nowMs = EPOCH + 60_000;

beforeAll(async () => {
  simulator = await startSimulator({
    seed: 7,
    epochMs: EPOCH,
    historyHours: 0.2,
    tradesPerSecond: 10,
    equalRowsShare: 0.1,
    now: () => nowMs,
  });
});
afterAll(() => simulator.close());

interface Page {
  data: Record<string, unknown>[];
  pagination: { has_more: boolean; next_cursor: string | null; limit: number };
}

async function read(query: string): Promise<Page> {
  const answer = await fetch(`${simulator.url}/data/v2/trades?${query}`);
  expect(answer.status).toBe(200);
  return (await answer.json()) as Page;
}

async function walk(query: string): Promise<Page[]> {
  const pages = [await read(query)];
  for (;;) {
    const cursor = pages.at(-1)?.pagination.next_cursor;
    if (!cursor) return pages;
    pages.push(await read(`${query}&cursor=${encodeURIComponent(cursor)}`));
  }
}

async function truth(query = ""): Promise<Map<string, number>> {
  const text = await (await fetch(`${simulator.url}/_truth/trades?${query}`)).text();
  const lines = text.trim().split("\n");
  return new Map(
    lines.map((line) => {
      const { multiplicity, ...trade } = JSON.parse(line) as Record<string, unknown>;
      return [Object.values(trade).join(" "), Number(multiplicity)];
    }),
  );
}

function asTruth(row: Record<string, unknown>): string {
  const { condition_id, token_id, proxy_wallet, transaction_hash, side, price, size, timestamp } = row;
  return [
    condition_id,
    token_id,
    proxy_wallet,
    transaction_hash,
    String(side).toLowerCase(),
    price,
    size,
    timestamp,
  ].join(" ");
}

function counted(rows: Record<string, unknown>[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const row of rows) counts.set(asTruth(row), (counts.get(asTruth(row)) ?? 0) + 1);
  return counts;
}

test.each(["true", "false"])(
  "a walk to the end gives the truth as a multiset (taker_only=%s)",
  async (taker) => {
    const pages = await walk(`limit=331&taker_only=${taker}`);

    const rows = pages.flatMap((page) => page.data);
    expect(rows.length).toBeGreaterThan(3_000);
    expect(counted(rows)).toEqual(await truth(`taker_only=${taker}`));
    expect(pages.slice(0, -1).every((page) => page.pagination.has_more)).toBe(true);
    expect(pages.at(-1)?.pagination).toMatchObject({ has_more: false, next_cursor: null });
  },
);

test("rows are served newest first", async () => {
  const rows = (await walk("limit=1000")).flatMap((page) => page.data.map((row) => Number(row["timestamp"])));

  expect(rows).toEqual([...rows].sort((a, b) => b - a));
});

test("equal rows exist and straddle a page edge", async () => {
  const pages = await walk("limit=31");

  const straddling = pages.filter((page, at) => {
    const [last, first] = [page.data.at(-1), pages[at + 1]?.data[0]];
    return last && first && asTruth(last) === asTruth(first);
  });
  expect(straddling.length).toBeGreaterThan(3);
});

test("a cursor's page size wins over the limit given beside it", async () => {
  const first = await read("limit=5");
  const second = await read(`limit=50&cursor=${encodeURIComponent(String(first.pagination.next_cursor))}`);

  expect(second.data).toHaveLength(5);
});

test("a cursor sent with other filters silently begins at the head", async () => {
  const first = await read("limit=5");
  const other = await read(`side=BUY&cursor=${encodeURIComponent(String(first.pagination.next_cursor))}`);

  expect(other).toEqual(await read("limit=5&side=BUY"));
});

test.each([
  ["cursor=nonsense", "cursor"],
  ["offset=10", "offset"],
  ["condition=0x12", "condition"],
  ["taker_only=maybe", "taker_only"],
  ["limit=0", "limit"],
])("refuses %s with a JSON error that names the parameter", async (query, parameter) => {
  const answer = await fetch(`${simulator.url}/data/v2/trades?${query}`);

  expect(answer.status).toBe(400);
  expect(await answer.json()).toMatchObject({ code: "invalid_request", retryable: false, parameter });
  expect(answer.headers.get("x-trace-id")).toBeTruthy();
});

test("refuses a cursor whose content was changed", async () => {
  const { pagination } = await read("limit=5");
  const text = Buffer.from(String(pagination.next_cursor), "base64").toString();
  const changed = Buffer.from(text.replace('"l":5', '"l":9')).toString("base64");

  const answer = await fetch(`${simulator.url}/data/v2/trades?cursor=${encodeURIComponent(changed)}`);

  expect(answer.status).toBe(400);
});

test("filters by market, side and size", async () => {
  const all = (await walk("limit=1000")).flatMap((page) => page.data);
  const market = String(all[0]?.["condition_id"]);

  const some = (await walk(`condition=${market}&side=BUY&filter_amount=5`)).flatMap((page) => page.data);

  const expected = all.filter(
    (row) => row["condition_id"] === market && row["side"] === "BUY" && Number(row["size"]) >= 5,
  );
  expect(some.length).toBeGreaterThan(0);
  expect(some).toEqual(expected);
});

test("a row reads the same, byte for byte, with and without filters", async () => {
  const text = async (query: string) => (await fetch(`${simulator.url}/data/v2/trades?${query}`)).text();
  const all = await text("limit=1000");
  const buys = await text("limit=200&side=BUY");

  const rows = buys.slice(buys.indexOf("[") + 1, buys.lastIndexOf("],")).split(/(?<=\}),(?=\{)/);
  expect(rows).toHaveLength(200);
  for (const row of rows) expect(all).toContain(row);
});

test("answers a well-formed unknown market with no rows", async () => {
  expect((await read(`condition=0x${"0".repeat(64)}`)).data).toEqual([]);
});

test("never serves less than a hundredth of a share, though such fills happen", async () => {
  const rows = (await walk("limit=1000")).flatMap((page) => page.data);
  const counts = (await (await fetch(`${simulator.url}/_truth/counts`)).json()) as { dust: number };

  expect(Math.min(...rows.map((row) => Number(row["size"])))).toBeGreaterThanOrEqual(0.01);
  expect(counts.dust).toBeGreaterThan(0);
});

test("fills in outcome and event of some rows only later", async () => {
  const before = await read("limit=200");
  const cutoff = nowMs / 1_000 - 61;
  nowMs += 120_000;
  const after = (await walk("limit=1000")).flatMap((page) => page.data);
  nowMs -= 120_000;

  const lacking = before.data.filter((row) => row["outcome_index"] === 999 && row["event_slug"] === "");
  expect(lacking.length).toBeGreaterThan(10);
  expect(lacking.every((row) => Number(row["timestamp"]) >= cutoff)).toBe(true);
  const settled = new Map(after.map((row) => [asTruth(row), row]));
  for (const row of lacking) expect(settled.get(asTruth(row))?.["event_slug"]).not.toBe("");
});

test("a third of the taker rows carry an average price with many digits", async () => {
  const prices = (await walk("limit=1000")).flatMap((page) => page.data.map((row) => String(row["price"])));

  const long = prices.filter((price) => price.length > 8).length / prices.length;
  expect(long).toBeGreaterThan(0.15);
  expect(long).toBeLessThan(0.45);
});

test("serves a block's rows little by little, and none before its lag has passed", async () => {
  const start = nowMs;
  const seen: number[] = [];
  for (let step = 0; step < 60; step++) {
    nowMs = start + step * 100;
    const { data } = await read("limit=1000");
    expect(nowMs - Number(data[0]?.["timestamp"]) * 1_000).toBeGreaterThanOrEqual(2_000);
    const second = start / 1_000;
    seen.push(data.filter((row) => row["timestamp"] === second).length);
  }
  nowMs = start;

  expect(new Set(seen).size).toBeGreaterThanOrEqual(4);
  expect(seen).toEqual([...seen].sort((a, b) => a - b));
});

test("the status tells how far serving lags", async () => {
  const answer = await fetch(`${simulator.url}/data/v2/status`);
  const { data } = (await answer.json()) as { data: { serving: { lag_seconds: number } } };

  expect(data.serving.lag_seconds).toBeGreaterThanOrEqual(2);
  expect(data.serving.lag_seconds).toBeLessThanOrEqual(6);
});

test("the same settings give the same feed in another process", async () => {
  const twin = await startSimulator({
    seed: 7,
    epochMs: EPOCH,
    historyHours: 0.2,
    tradesPerSecond: 10,
    equalRowsShare: 0.1,
    now: () => nowMs,
  });
  const theirs = await (await fetch(`${twin.url}/v2/trades?limit=1000`)).text();
  await twin.close();

  expect(theirs).toBe(await (await fetch(`${simulator.url}/data/v2/trades?limit=1000`)).text());
});
