import { afterAll, beforeAll, expect, test } from "vitest";
import { type Simulator, startSimulator } from "../index.ts";

const EPOCH = Date.UTC(2026, 10, 20, 12);
let simulator: Simulator;
let nowMs = EPOCH + 3_600_000;

beforeAll(async () => {
  simulator = await startSimulator({ seed: 3, epochMs: EPOCH, marketCount: 700, now: () => nowMs });
});
afterAll(() => simulator.close());

type Market = Record<string, unknown> & { id: string; conditionId: string; slug: string };

async function get(path: string): Promise<{ status: number; body: unknown }> {
  const answer = await fetch(`${simulator.url}/gamma${path}`);
  return { status: answer.status, body: await answer.json() };
}

async function keyset(query: string): Promise<{ markets: Market[]; next_cursor?: string }> {
  return (await get(`/markets/keyset?${query}`)).body as { markets: Market[]; next_cursor?: string };
}

async function walk(query: string): Promise<Market[]> {
  const markets: Market[] = [];
  let cursor: string | undefined;
  do {
    const page = await keyset(`${query}${cursor ? `&after_cursor=${cursor}` : ""}`);
    markets.push(...page.markets);
    expect(page.next_cursor).not.toBeNull();
    cursor = page.next_cursor;
  } while (cursor !== undefined);
  return markets;
}

async function truth(): Promise<{ gamma_id: string; market_id: string; status: string }[]> {
  const text = await (await fetch(`${simulator.url}/_truth/markets`)).text();
  return text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
}

test.each([
  "order=id",
  "order=id&ascending=false",
  "order=updatedAt&ascending=false",
  "order=volume24hr",
  "",
])("a keyset walk over open and closed markets meets each market once (%s)", async (order) => {
  const open = await walk(`limit=100&closed=false&${order}`);
  const closed = await walk(`limit=100&closed=true&${order}`);

  const ids = [...open, ...closed].map((market) => market.id);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.sort()).toEqual((await truth()).map((market) => market.gamma_id).sort());
});

test("leaves closed markets out unless they are asked for", async () => {
  const { body } = await get("/markets?limit=100");

  expect((body as Market[]).every((market) => market["closed"] === false)).toBe(true);
});

test("clamps the limit to 100 without a word", async () => {
  expect((await keyset("limit=500")).markets).toHaveLength(100);
  expect((await get("/markets?limit=500")).body).toHaveLength(100);
});

test("ignores a parameter named cursor", async () => {
  const first = await keyset("limit=3");

  expect((await keyset(`limit=3&cursor=${first.next_cursor}`)).markets).toEqual(first.markets);
});

test("orders by the last change", async () => {
  const changed = (await walk("limit=100&order=updatedAt&ascending=false")).map((market) =>
    Date.parse(String(market["updatedAt"])),
  );

  expect(changed.length).toBeGreaterThan(300);
  expect(changed).toEqual([...changed].sort((a, b) => b - a));
});

test.each([
  ["/markets/keyset?offset=10", 422, "offset is not allowed on keyset endpoints"],
  ["/markets?offset=10001", 422, "offset too large, use /markets/keyset for deeper pagination"],
  ["/events?offset=10001", 422, "offset too large, use /events/keyset for deeper pagination"],
  ["/markets?order=luck", 422, "order fields are not valid"],
  [`/markets/0x${"a".repeat(64)}`, 422, "id is invalid"],
  ["/markets/1", 404, "id not found"],
  ["/markets/slug/nothing-of-the-kind", 404, "slug not found"],
])("refuses %s with %i", async (path, status, error) => {
  const answer = await get(path);

  expect(answer.status).toBe(status);
  expect(answer.body).toMatchObject({ error });
});

test("finds markets by condition, token, id and slug, open or closed as asked", async () => {
  const [open] = (await keyset("limit=1&order=id&ascending=false")).markets;
  const token = JSON.parse(String(open?.["clobTokenIds"]))[1];

  for (const name of [
    `condition_ids=${open?.conditionId}`,
    `clob_token_ids=${token}`,
    `slug=${open?.slug}`,
    `id=${open?.id}`,
  ]) {
    expect((await get(`/markets?${name}`)).body).toMatchObject([{ id: open?.id }]);
    expect((await get(`/markets?${name}&closed=true`)).body).toEqual([]);
  }
  expect((await get(`/markets/slug/${open?.slug}`)).body).toMatchObject({ id: open?.id });
  expect((await get(`/markets/${open?.id}`)).body).toMatchObject({ slug: open?.slug });
  expect((await get("/markets?slug=unknown")).body).toEqual([]);
});

test("answers too many ids in one URL with an HTML page", async () => {
  const ids = Array.from({ length: 61 }, (_, at) => `condition_ids=0x${String(at).padStart(64, "0")}`).join(
    "&",
  );
  const answer = await fetch(`${simulator.url}/gamma/markets?${ids}`);

  expect(answer.status).toBe(403);
  expect(answer.headers.get("content-type")).toContain("text/html");
});

test("gives tags only when they are asked for", async () => {
  expect((await keyset("limit=1")).markets[0]).not.toHaveProperty("tags");
  expect((await keyset("limit=1&include_tag=true")).markets[0]).toHaveProperty("tags");
});

test("ids are unique and of the right shape", async () => {
  const markets = [...(await walk("limit=100&closed=true")), ...(await walk("limit=100"))];

  const tokens = markets.flatMap((market) => JSON.parse(String(market["clobTokenIds"] ?? "[]")) as string[]);
  expect(new Set(markets.map((market) => market.conditionId)).size).toBe(markets.length);
  expect(new Set(tokens).size).toBe(tokens.length);
  expect(markets.every((market) => /^0x[0-9a-f]{64}$/.test(market.conditionId))).toBe(true);
  expect(tokens.every((token) => /^[0-9]{60,78}$/.test(token))).toBe(true);
});

test("every odd shape that the real catalogue has is there", async () => {
  const closed = await walk("limit=100&closed=true");
  const open = await walk("limit=100");
  const count = (markets: Market[], test: (market: Market) => boolean) => markets.filter(test).length;

  expect(count(closed, (market) => !("clobTokenIds" in market))).toBeGreaterThan(0);
  expect(count(closed, (market) => JSON.parse(String(market["outcomes"])).length === 3)).toBeGreaterThan(0);
  expect(count(closed, (market) => market["outcomePrices"] === '["0","0"]')).toBeGreaterThan(0);
  expect(count(closed, (market) => market["outcomePrices"] === '["0","1"]')).toBeGreaterThan(0);
  expect(count(closed, (market) => market["acceptingOrders"] === true)).toBeGreaterThan(0);
  expect(count(open, (market) => !("outcomePrices" in market))).toBeGreaterThan(0);
  expect(count(open, (market) => market["outcomePrices"] === null)).toBeGreaterThan(0);
  expect(count(open, (market) => market["negRisk"] === true)).toBeGreaterThan(0);
  expect(count(open, (market) => Date.parse(String(market["endDate"])) < nowMs)).toBeGreaterThan(0);
});

test("an object changes only together with its updatedAt, and over an hour markets change, close and resolve", async () => {
  const before = new Map((await walk("limit=100")).map((market) => [market.id, market]));
  const statesBefore = new Map((await truth()).map((market) => [market.gamma_id, market.status]));
  const start = nowMs;
  nowMs += 3_600_000;
  const after = [...(await walk("limit=100")), ...(await walk("limit=100&closed=true"))];
  const statesAfter = await truth();
  nowMs = start;

  let changed = 0;
  for (const market of after) {
    const old = before.get(market.id);
    if (!old) continue;
    if (old["updatedAt"] !== market["updatedAt"]) changed++;
    // The event inside has its own dates.
    else expect({ ...market, events: [] }).toEqual({ ...old, events: [] });
  }
  expect(changed).toBeGreaterThan(50);
  expect(statesAfter.length).toBeGreaterThan(statesBefore.size);
  const turned = statesAfter.filter(
    (market) => statesBefore.get(market.gamma_id) === "open" && market.status !== "open",
  );
  expect(turned.length).toBeGreaterThan(0);
});
