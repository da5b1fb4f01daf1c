import { afterEach, beforeEach, expect, test } from "vitest";
import { type Simulator, startSimulator } from "../index.ts";

const EPOCH = Date.UTC(2026, 10, 20, 12);
let simulator: Simulator;
let nowMs: number;

beforeEach(async () => {
  nowMs = EPOCH + 60_000;
  simulator = await startSimulator({
    epochMs: EPOCH,
    historyHours: 0.1,
    tradesPerSecond: 8,
    now: () => nowMs,
  });
});
afterEach(() => simulator.close());

const TRADES = "/data/v2/trades?limit=1000";

function get(path: string): Promise<Response> {
  return fetch(`${simulator.url}${path}`);
}

async function rows(path = TRADES): Promise<Record<string, unknown>[]> {
  const { data } = (await (await get(path)).json()) as { data: Record<string, unknown>[] };
  return data;
}

function hashes(trades: Record<string, unknown>[]): string[] {
  return trades.map((trade) => String(trade["transaction_hash"]));
}

test("rate-limited answers 429 to every n-th request, with Retry-After in both forms in turn", async () => {
  simulator.setFault({ name: "rate-limited", every: 2, retry_after_seconds: 7 });

  const answers = [await get(TRADES), await get(TRADES), await get(TRADES), await get(TRADES)];

  expect(answers.map((answer) => answer.status)).toEqual([200, 429, 200, 429]);
  expect(answers[1]?.headers.get("retry-after")).toBe("7");
  expect(answers[3]?.headers.get("retry-after")).toBe(new Date(nowMs + 7_000).toUTCString());
});

test("server-errors answers its statuses in turn, on its path alone", async () => {
  simulator.setFault({ name: "server-errors", path: "/data" });

  expect((await get(TRADES)).status).toBe(500);
  expect((await get("/gamma/markets")).status).toBe(200);
  expect((await get(TRADES)).status).toBe(503);
});

test("a probability hits the same requests in every simulator with the same seed", async () => {
  const statuses = async (from: Simulator) => {
    from.setFault({ name: "server-errors", probability: 0.4, statuses: [500] });
    const seen: number[] = [];
    for (let at = 0; at < 40; at++) seen.push((await fetch(`${from.url}/data/v2/status`)).status);
    return seen;
  };
  const twin = await startSimulator({
    epochMs: EPOCH,
    historyHours: 0.1,
    tradesPerSecond: 8,
    now: () => nowMs,
  });

  const seen = await statuses(simulator);

  expect(seen).toEqual(await statuses(twin));
  expect(seen.filter((status) => status === 500).length).toBeGreaterThan(5);
  expect(seen.filter((status) => status === 200).length).toBeGreaterThan(5);
  await twin.close();
});

test("slow answers after its delay", async () => {
  simulator.setFault({ name: "slow", delay_ms: 120 });
  const start = performance.now();

  expect((await get(TRADES)).status).toBe(200);

  expect(performance.now() - start).toBeGreaterThan(100);
});

test("truncated-body breaks off in the middle", async () => {
  simulator.setFault({ name: "truncated-body" });
  const answer = await get(TRADES);

  expect(answer.status).toBe(200);
  await expect(answer.text()).rejects.toThrow();
});

test("html-403 answers with a page", async () => {
  simulator.setFault({ name: "html-403" });
  const answer = await get(TRADES);

  expect(answer.status).toBe(403);
  expect(await answer.text()).toContain("<!DOCTYPE html>");
});

test("restart drops connections until its time is over", async () => {
  simulator.setFault({ name: "restart", seconds: 5 });
  await expect(get(TRADES)).rejects.toThrow();
  nowMs += 5_001;

  expect((await get(TRADES)).status).toBe(200);
});

test("late-trades shows some settlements only after a delay, below the head", async () => {
  simulator.setFault({ name: "late-trades", share: 0.5, delay_seconds: 30 });
  nowMs += 20_000;
  const before = hashes(await rows());
  nowMs += 30_000;
  const after = await rows();

  const newest = Math.max(...after.map((row) => Number(row["timestamp"])));
  const late = after.filter(
    (row) =>
      !before.includes(String(row["transaction_hash"])) &&
      Number(row["timestamp"]) <= (nowMs - 40_000) / 1_000,
  );
  expect(late.length).toBeGreaterThan(20);
  expect(Number(late[0]?.["timestamp"])).toBeLessThan(newest);
  const live = before.slice(0, 100);
  expect(live.every((hash) => hashes(after).includes(hash))).toBe(true);
});

test("what was late stays as it was after late-trades is cleared", async () => {
  simulator.setFault({ name: "late-trades", share: 0.5, delay_seconds: 30 });
  nowMs += 20_000;
  const before = await rows();
  simulator.clearFault("late-trades");

  expect(await rows()).toEqual(before);
});

test("equal-rows raises the share of equal rows", async () => {
  const equal = async () => {
    const seen = (await rows()).map((row) => JSON.stringify(row));
    return 1 - new Set(seen).size / seen.length;
  };
  const before = await equal();
  simulator.setFault({ name: "equal-rows", share: 0.5, since: 0 });

  expect(await equal()).toBeGreaterThan(before + 0.2);
});

test("malformed-rows breaks a share of rows, and the truth knows which", async () => {
  simulator.setFault({ name: "malformed-rows", share: 0.2, since: 0 });
  const served = await rows();
  const broken = served.filter(
    (row) =>
      typeof row["transaction_hash"] !== "string" ||
      !["BUY", "SELL"].includes(String(row["side"])) ||
      !(Number(row["size"]) > 0) ||
      Number(row["price"]) > 1 ||
      typeof row["timestamp"] !== "number" ||
      !/^0x[0-9a-f]{64}$/.test(String(row["condition_id"])),
  );
  const counts = (await (await get("/_truth/counts")).json()) as { malformed: number; rows: number };
  const flaws = (await (await get("/_truth/trades?malformed=only")).text()).trim().split("\n");
  const multiplicities = flaws.map((line) => (JSON.parse(line) as { multiplicity: number }).multiplicity);

  expect(served.length).toBeGreaterThan(500);
  expect(counts.malformed / (counts.rows + counts.malformed)).toBeGreaterThan(0.1);
  expect(broken.length / served.length).toBeGreaterThan(0.1);
  expect(multiplicities.reduce((a, b) => a + b)).toBe(counts.malformed);
  expect(JSON.stringify(await (await get("/gamma/markets?limit=100")).json())).toContain('"yesterday"');
});

test("page-shift makes an offset page repeat rows of the one before", async () => {
  const first = (await (await get("/data/trades?limit=10")).json()) as object[];
  simulator.setFault({ name: "page-shift", rows: 2 });
  const second = (await (await get("/data/trades?limit=10&offset=10")).json()) as object[];

  expect(second.slice(0, 2)).toEqual(first.slice(8));
});

test("offset-cap refuses in the words of the real one, repeats or ends", async () => {
  simulator.setFault({ name: "offset-cap", cap: 50, gamma_cap: 20 });
  expect(await (await get("/data/trades?offset=51")).json()).toEqual({
    error: "max historical activity offset of 50 exceeded",
  });
  expect((await get("/gamma/markets?offset=21")).status).toBe(422);

  simulator.setFault({ name: "offset-cap", cap: 50, mode: "repeat" });
  expect(await (await get("/data/trades?offset=99")).json()).toEqual(
    await (await get("/data/trades?offset=50")).json(),
  );
});

test("v2-absent answers every route of v2 in JSON, and leaves v1 alone", async () => {
  simulator.setFault({ name: "v2-absent", status: 501 });
  const answers = [await get(TRADES), await get("/data/v2/status"), await get("/data/trades")];

  expect(answers.map(({ status }) => status)).toEqual([501, 501, 200]);
  expect(await answers[0]?.json()).toMatchObject({ error: "no such route", retryable: false });
  simulator.clearFault("v2-absent");
  expect((await get(TRADES)).status).toBe(200);
});

test("v1-form honours, ignores or refuses windows, with or without their end, and clamps in silence", async () => {
  const all = (await (await get("/data/trades?limit=10000")).json()) as { timestamp: number }[];
  const end = all[200]?.timestamp ?? 0;
  const newest = async (path = `/data/trades?limit=900&start=1&end=${end}`) => {
    const page = (await (await get(path)).json()) as { timestamp: number }[];
    return { rows: page.length, newest: page[0]?.timestamp };
  };

  expect(await newest()).toMatchObject({ newest: end });
  simulator.setFault({ name: "v1-form", end: "exclusive", limit_max: 30 });
  expect(await newest()).toEqual({ rows: 30, newest: end - 2 });
  simulator.setFault({ name: "v1-form", windows: "ignored" });
  expect((await newest()).newest).toBe(all[0]?.timestamp);
  simulator.setFault({ name: "v1-form", windows: "refused" });
  expect((await get(`/data/trades?end=${end}`)).status).toBe(400);
  expect((await get("/data/trades")).status).toBe(200);
});

test("faults are switched over HTTP, listed with their counts, and cleared", async () => {
  const post = (body: object) =>
    fetch(`${simulator.url}/_faults`, { method: "POST", body: JSON.stringify(body) });

  expect((await post({ name: "html-403", path: "/data" })).status).toBe(201);
  await get(TRADES);
  expect(await (await get("/_faults")).json()).toMatchObject([{ name: "html-403", hits: 1, requests: 1 }]);
  expect(await (await get("/_requests")).json()).toEqual({
    "GET /data/v2/trades": { requests: 1, results: { 403: 1 }, faults: { "html-403": 1 } },
  });
  const cleared = await fetch(`${simulator.url}/_faults/html-403`, { method: "DELETE" });
  expect(cleared.status).toBe(200);
  expect((await get(TRADES)).status).toBe(200);
  expect((await post({ name: "silent-socket" })).status).toBe(501);
  expect((await post({ name: "gremlins" })).status).toBe(400);
  expect((await post({ name: "slow", delay_ms: -1 })).status).toBe(400);
});
