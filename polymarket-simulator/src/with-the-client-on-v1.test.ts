import { numberEqualTrades, type TradeRow } from "@polytape/market-model";
import { connectPolymarket, type PolymarketSource, type TradePage } from "@polytape/polymarket-source";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type Simulator, startSimulator } from "./index.ts";

/** The real client reads a simulated upstream that has v1 only. */
const EPOCH = Date.UTC(2026, 10, 20, 12);
vi.setConfig({ testTimeout: 30_000 });
let simulator: Simulator;
let nowMs: number;

beforeEach(async () => {
  // The world lies 15 minutes back: all of it has settled, until a test goes on from there.
  nowMs = EPOCH + 900_000;
  simulator = await startSimulator({
    epochMs: EPOCH,
    marketCount: 50,
    historyHours: 0.1,
    tradesPerSecond: 4,
    equalRowsShare: 0.2,
    now: () => nowMs,
  });
  simulator.setFault({ name: "v2-absent" });
});
afterEach(() => simulator.close());

function connect(): PolymarketSource {
  const { url } = simulator;
  const hosts = { gammaUrl: `${url}/gamma`, dataUrl: `${url}/data`, clobUrl: `${url}/clob` };
  return connectPolymarket(
    { ...hosts, limitShare: 1, timeoutMs: 5_000, triesMax: 3 },
    { sleep: async () => {}, now: () => nowMs },
  );
}

async function readAll(between: () => void = () => {}): Promise<TradePage[]> {
  const source = connect();
  const pages: TradePage[] = [];
  let cursor: string | null = null;
  do {
    const page: TradePage = await source.readTradePage({ rowSet: "taker", limit: 1_000, cursor });
    pages.push(page);
    between();
    cursor = page.nextCursor;
  } while (cursor !== null && pages.length < 400);
  return pages;
}

const rowsOf = (pages: readonly TradePage[]) => pages.flatMap((page) => page.rows);
const cutOf = (pages: readonly TradePage[]) => pages.flatMap((page) => page.cutSeconds);
const idsOf = (rows: readonly TradeRow[]) =>
  numberEqualTrades()
    .number(rows, { rowSet: "taker", receivedAtMs: 0 })
    .map(({ tradeId }) => tradeId)
    .sort();

/** The ids of the same world when it has v2. */
async function idsByV2(toSeconds = Number.POSITIVE_INFINITY): Promise<string[]> {
  simulator.clearFault("v2-absent");
  const pages = await readAll();
  simulator.setFault({ name: "v2-absent" });
  expect(pages.every(({ version }) => version === "v2")).toBe(true);
  return idsOf(rowsOf(pages).filter(({ tsSeconds }) => tsSeconds <= toSeconds));
}

test.each([
  ["with its end", { end: "inclusive", limit_max: 500 }],
  ["without its end", { end: "exclusive", limit_max: 120 }],
])(
  "by closed windows, each taken %s, every trade arrives once, under the id that v2 gives it",
  async (_how, form) => {
    simulator.setFault({ name: "v1-form", ...form });
    simulator.setFault({ name: "offset-cap", cap: 1_000 });
    const pages = await readAll();

    expect(pages.every(({ version }) => version === "v1")).toBe(true);
    expect(rowsOf(pages).length).toBeGreaterThan(4_000);
    expect(cutOf(pages)).toEqual([]);
    expect(pages.at(-1)?.isCapped).toBe(false);
    expect(idsOf(rowsOf(pages))).toEqual(await idsByV2());
  },
);

test("by closed windows nothing is lost while trades are made between the pages", async () => {
  simulator.setFault({ name: "v1-form", limit_max: 200 });
  const begun = Math.floor(nowMs / 1_000);
  const pages = await readAll(() => {
    nowMs += 3_000;
  });
  const settled = rowsOf(pages).filter(({ tsSeconds }) => tsSeconds <= begun - 10);

  expect(cutOf(pages)).toEqual([]);
  expect(idsOf(settled)).toEqual(await idsByV2(begun - 10));
});

test.each(["ignored", "refused"])(
  "where windows are %s every second down to the cap arrives whole",
  async (windows) => {
    simulator.setFault({ name: "v1-form", windows, limit_max: 300 });
    simulator.setFault({ name: "offset-cap", cap: 2_000 });
    const begun = Math.floor(nowMs / 1_000);
    const pages = await readAll(() => {
      nowMs += 2_000;
    });
    const rows = rowsOf(pages);
    const oldest = rows.at(-1)?.tsSeconds ?? 0;

    expect(pages.at(-1)).toMatchObject({ isCapped: true, nextCursor: null });
    expect(cutOf(pages)).toEqual([]);
    expect(rows.length).toBeGreaterThan(1_500);
    simulator.clearFault("v2-absent");
    const truth = rowsOf(await readAll()).filter(({ tsSeconds }) => tsSeconds >= oldest);
    expect(idsOf(rows.filter(({ tsSeconds }) => tsSeconds <= begun - 10))).toEqual(
      idsOf(truth.filter(({ tsSeconds }) => tsSeconds <= begun - 10)),
    );
  },
);

test.each(["repeat", "empty"])(
  "a cap that answers with 200 (%s) ends the reading as capped, with nothing twice",
  async (mode) => {
    simulator.setFault({ name: "v1-form", windows: "ignored", limit_max: 300 });
    simulator.setFault({ name: "offset-cap", cap: 1_000, mode });
    const pages = await readAll();
    const ids = idsOf(rowsOf(pages));

    expect(pages.at(-1)).toMatchObject({ isCapped: true, nextCursor: null });
    expect(ids.length).toBeGreaterThan(900);
    const truth = new Set(await idsByV2());
    expect(ids.filter((id) => !truth.has(id))).toEqual([]);
  },
);

test("broken rows are rejected by v1 as often as by v2", async () => {
  simulator.setFault({ name: "malformed-rows", share: 0.1, since: 0 });
  simulator.setFault({ name: "v1-form", limit_max: 400 });
  const pages = await readAll();
  const counts = (await (await fetch(`${simulator.url}/_truth/counts`)).json()) as Record<string, number>;

  expect(counts["malformed"]).toBeGreaterThan(100);
  expect([rowsOf(pages).length, pages.flatMap(({ rejected }) => rejected).length]).toEqual([
    counts["rows"],
    counts["malformed"],
  ]);
});

test("rows that appear late are read by the next walk", async () => {
  nowMs = EPOCH + 20_000;
  simulator.setFault({ name: "late-trades", share: 0.3, delay_seconds: 60, since: 0 });
  const before = idsOf(rowsOf(await readAll()));
  nowMs += 900_000;
  const after = idsOf(rowsOf(await readAll()));

  expect(before.filter((id) => !after.includes(id))).toEqual([]);
  expect(after).toEqual(await idsByV2());
});
