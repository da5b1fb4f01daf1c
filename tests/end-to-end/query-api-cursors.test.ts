import { type Side, tradeTsMs } from "@polytape/market-model";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { aStack, type TestStack, until } from "./a-stack.ts";
import { compareWithTruth, countTape, readTruth } from "./truth.ts";

/**
 * Lists are read page by page through the gateway while 200 trades a second arrive, one in ten of them below the
 * head: a walk gives what had arrived at its first page, each row once, in either order, or says that rows lack.
 */
const TRADES_PER_SECOND = 200;
const WALKING_SECONDS = 20;
/** On a machine that is busy with other things a walk takes minutes. */
const TIMEOUT_MS = 600_000;
/** Small, so that a walk takes seconds and hundreds of trades arrive between its pages. */
const PAGE_ROWS = 101;

const row = z.looseObject({ trade_id: z.string(), ts: z.string() });
const tradesPage = z.looseObject({
  data: z.array(row),
  next_cursor: z.string().nullable(),
  as_of: z.string(),
  coverage: z.looseObject({
    complete: z.boolean().nullable(),
    gaps: z.array(z.looseObject({ cause: z.string().nullable() })),
  }),
});
const fullRow = z.object({
  ...{ trade_id: z.string(), market_id: z.string(), asset_id: z.string(), wallet: z.string() },
  ...{ transaction_hash: z.string(), side: z.enum(["buy", "sell"]), price: z.number(), size: z.number() },
  ts: z.string(),
});
const marketsPage = z.looseObject({
  data: z.array(z.looseObject({ market_id: z.string(), close_time: z.string().nullable() })),
  next_cursor: z.string().nullable(),
});

let stack: TestStack;
let key: string;
const epochSeconds = Math.floor(Date.now() / 1_000);

beforeAll(async () => {
  stack = await aStack({
    simulator: {
      seed: 31,
      args: [
        ...["--epoch", String(epochSeconds), "--rate", String(TRADES_PER_SECOND), "--markets", "150"],
        ...["--history-hours", "0.03", "--history-rate", "50", "--new-markets-per-hour", "3600"],
        ...["--fault", "late-trades:share=0.1,delay_seconds=8,since=0"],
      ],
    },
    settings: {
      POLL_INTERVAL_TRADES_MS: "1000",
      POLL_INTERVAL_BOOKS_MS: "30000",
      POLL_INTERVAL_MARKETS_MS: "1000",
      SETTLE_SECONDS: "20",
      SETTLE_EVERY_SECONDS: "5",
      API_DAILY_CAP: "1000000",
    },
  });
  key = stack.makeKey();
});
afterAll(() => stack?.stop());

/** All pages of a question; `pages` says how many there were. */
async function walk<Page extends { next_cursor: string | null }>(question: string, schema: z.ZodType<Page>) {
  const pages: Page[] = [];
  for (let cursor = ""; ; ) {
    const { status, body } = await stack.ask(`${question}${cursor}`, key);
    expect([status, body]).toMatchObject([200, {}]);
    const page = schema.parse(body);
    pages.push(page);
    if (page.next_cursor === null) return pages;
    cursor = `&cursor=${encodeURIComponent(page.next_cursor)}`;
  }
}

/** What the store shows at this moment, read by another way than the walks: in order, with moments of arrival. */
async function storedNow(
  order: "asc" | "desc",
  side?: Side,
): Promise<{ id: string; ingestedAtMs: number }[]> {
  const rows: { id: string; ingestedAtMs: number }[] = [];
  const limit = 5_000;
  for (let after: readonly [number, number] | undefined; ; ) {
    const page = await stack.store.trades.findTrades({ sort: order, limit, rowSet: "taker", side, after });
    rows.push(...page.map(({ tradeId, ingestedAtMs }) => ({ id: tradeId, ingestedAtMs })));
    const last = page.at(-1);
    if (!last || page.length < limit) return rows;
    after = [tradeTsMs(last), last.tie];
  }
}

interface Walk {
  readonly pages: number;
  readonly rows: number;
  /** Rows that arrived while it was underway. */
  readonly arrived: number;
  /** Rows that had arrived before it and could not be seen then, because the store was busy: the last page says so. */
  readonly lateToBeSeen: number;
}

async function walkAndJudge(order: "asc" | "desc", side?: Side): Promise<Walk> {
  const question = `/v1/trades?limit=${PAGE_ROWS}&sort=ts:${order}${side ? `&side=${side}` : ""}`;
  const before = await storedNow(order, side);
  const pages = await walk(question, tradesPage);
  const after = await storedNow(order, side);

  const asOf = pages[0]?.as_of ?? "";
  const ofTheWalk = ({ ingestedAtMs }: { ingestedAtMs: number }) => ingestedAtMs <= Date.parse(asOf);
  const wanted = before.filter(ofTheWalk).map(({ id }) => id);
  const allowed = new Set(after.filter(ofTheWalk).map(({ id }) => id));
  const rows = pages.flatMap(({ data }) => data);
  const ids = rows.map(({ trade_id }) => trade_id);
  expect(new Set(pages.map(({ as_of }) => as_of))).toEqual(new Set([asOf]));
  expect(ids.length - new Set(ids).size, "rows that came twice").toBe(0);
  const isWanted = new Set(wanted);
  expect(ids.filter((id) => isWanted.has(id))).toEqual(wanted);
  expect(ids.filter((id) => !allowed.has(id))).toEqual([]);
  const times = rows.map(({ ts }) => ts);
  expect(times).toEqual(order === "asc" ? [...times].sort() : [...times].sort().reverse());
  for (const id of ids) allowed.delete(id);
  if (allowed.size > 0) await expectToBeTold([...allowed], question, pages.at(-2)?.next_cursor);
  return {
    ...{ pages: pages.length, rows: ids.length, lateToBeSeen: allowed.size },
    arrived: after.length - allowed.size - ids.length,
  };
}

/** By the last page, asked again: some may have been shown between it and the look at the store, or lie on it. */
async function expectToBeTold(
  lateIds: readonly string[],
  question: string,
  cursor: string | null | undefined,
): Promise<void> {
  const { body } = await stack.ask(`${question}&cursor=${encodeURIComponent(cursor ?? "")}`, key);
  const { next_cursor, data, coverage } = tradesPage.parse(body);
  expect(next_cursor).toBeNull();
  const given = new Set(data.map(({ trade_id }) => trade_id));
  if (lateIds.every((id) => given.has(id))) return;
  expect(coverage.complete).toBe(false);
  expect(coverage.gaps.map(({ cause }) => cause)).toContain("stored_after_as_of");
}

test(
  "walks in both orders give every trade of their first page's moment once, while 200 a second arrive",
  async () => {
    await until("thousands of trades that a first page may show", 120, async () => {
      const stored = await storedNow("asc");
      return stored.filter(({ ingestedAtMs }) => ingestedAtMs < Date.now() - 5_000).length > 3_000;
    });
    const deadlineMs = Date.now() + WALKING_SECONDS * 1_000;

    const walks: Walk[] = [];
    while (Date.now() < deadlineMs)
      walks.push(
        ...(await Promise.all([walkAndJudge("asc"), walkAndJudge("desc"), walkAndJudge("desc", "buy")])),
      );

    expect(walks.filter(({ pages }) => pages < 10)).toEqual([]);
    // A quick walk may end between two ticks of the collector; most do not.
    const disturbed = walks.filter(({ arrived }) => arrived > 0);
    expect(disturbed.length).toBeGreaterThanOrEqual(walks.length / 2);
    console.log(JSON.stringify(walks));
  },
  TIMEOUT_MS,
);

test("a walk over what is proven complete gives exactly the trades that the upstream made, in both orders", async () => {
  const span = { from: epochSeconds - 60, to: epochSeconds + 30 };
  const question = `/v1/trades?from=${span.from}&to=${span.to}`;
  await until("complete coverage of half a minute of live trades", 180, async () => {
    const { body } = await stack.ask(`${question}&limit=1`, key);
    return z.looseObject({ coverage: z.looseObject({ complete: z.boolean().nullable() }) }).parse(body)
      .coverage.complete;
  });

  const truth = await readTruth(stack.simulatorUrl, span);
  for (const order of ["asc", "desc"] as const) {
    const pages = await walk(`${question}&limit=${3 * PAGE_ROWS}&sort=ts:${order}`, tradesPage);
    const rows = pages.flatMap(({ data }) => data.map((each) => fullRow.parse(each)));
    expect(compareWithTruth(truth, countTape(rows.map(tradeOf)))).toEqual({
      lost: [],
      invented: [],
      duplicated: [],
    });
    expect(rows.length).toBeGreaterThan(TRADES_PER_SECOND * 10);
  }
});

function tradeOf(row: z.output<typeof fullRow>) {
  return {
    marketId: row.market_id,
    assetId: row.asset_id,
    wallet: row.wallet,
    transactionHash: row.transaction_hash,
    side: row.side,
    price: row.price,
    size: row.size,
    tsSeconds: Date.parse(row.ts) / 1_000,
    ...{ tradeId: row.trade_id, tie: 0, occurrence: 0, rowSet: "taker" as const },
    ...{ receivedAtMs: 0, ingestedAtMs: 0 },
  };
}

test("a walk over the markets gives every market that was there before it, while others appear", async () => {
  const [before] = await walk("/v1/markets?limit=1000", marketsPage);

  const pages = await walk("/v1/markets?limit=3", marketsPage);

  const rows = pages.flatMap(({ data }) => data);
  const seen = new Set(rows.map(({ market_id }) => market_id));
  expect(before?.data.map(({ market_id }) => market_id).filter((id) => !seen.has(id))).toEqual([]);
  expect(pages.length).toBeGreaterThan(40);
  // A market may come twice only as another market: with another close time.
  expect(new Set(rows.map(({ market_id, close_time }) => `${market_id} ${close_time}`)).size).toBe(
    rows.length,
  );
});
