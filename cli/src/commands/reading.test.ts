import { expect, test } from "vitest";
import { aShell } from "../testing.ts";

const COMPLETE = {
  complete: true,
  from: "2026-11-20T00:00:00.000Z",
  to: "2026-11-21T00:00:00.000Z",
  gaps_total: 0,
  gaps: [],
};
const KEPT = { truncated_by: null, retention_from: null };
const aTrade = (n: number) => ({
  trade_id: `t${n}`,
  ts: "2026-11-20T00:00:00.000Z",
  side: "buy",
  price: 0.1 + n / 100,
  size: n,
  notional: 1,
  outcome: "Yes",
  outcome_index: 0,
  market_id: "0x1",
  asset_id: "1",
  wallet: "0x2",
  transaction_hash: "0x3",
});

/** A tape of so many trades in pages, as the API serves it. */
function aTape(count: number, changes: Record<string, unknown> = {}) {
  const asked: URL[] = [];
  const respond = (request: Request) => {
    const url = new URL(request.url);
    asked.push(url);
    const start = Number(url.searchParams.get("cursor") ?? 0);
    const end = Math.min(count, start + Number(url.searchParams.get("limit")));
    return Response.json({
      data: Array.from({ length: end - start }, (_, at) => aTrade(start + at)),
      next_cursor: end < count ? String(end) : null,
      as_of: "2026-11-22T11:59:58.000Z",
      coverage: COMPLETE,
      ...KEPT,
      ...changes,
    });
  };
  return { ...aShell({ respond }), asked };
}

test("prints trades as a table, says how many, that there are more, and from when to when they are complete", async () => {
  const { call, asked } = aTape(5);

  const { status, out, told, errors } = await call(
    "trades",
    "--market",
    "a-slug",
    "--row-set",
    "all",
    "--limit",
    "2",
  );

  expect([status, errors]).toEqual([0, []]);
  expect(asked[0]?.search).toBe("?market_id=a-slug&row_set=all&limit=2");
  expect(out).toEqual([
    "ts                        side  price  size  notional  outcome  market_id",
    "2026-11-20T00:00:00.000Z  buy   0.1    0     1         Yes      0x1",
    "2026-11-20T00:00:00.000Z  buy   0.11   1     1         Yes      0x1",
  ]);
  expect(told).toEqual([
    "2 rows. There are more: --limit says how many, --all reads them to the end.",
    "Complete from 2026-11-20T00:00:00.000Z to 2026-11-21T00:00:00.000Z.",
  ]);
});

test("reads everything by its cursors, one heading, each row once", async () => {
  const { call, asked } = aTape(2_500);

  const { status, out } = await call("trades", "--all", "--format", "csv");

  expect(status).toBe(0);
  expect(asked.map(({ searchParams }) => searchParams.get("cursor"))).toEqual([null, "1000", "2000"]);
  expect(out).toHaveLength(2_501);
  expect(out[0]).toBe(
    "ts,side,price,size,notional,outcome,market_id,outcome_index,asset_id,wallet,transaction_hash,trade_id",
  );
  expect(new Set(out.slice(1).map((line) => line.split(",").at(-1))).size).toBe(2_500);
});

test("reads as many rows as asked for over several pages, the last page no larger than needed", async () => {
  const { call, asked } = aTape(5_000);

  const { out } = await call("trades", "--limit", "1200", "--format", "json");

  expect(out).toHaveLength(1_200);
  expect(JSON.parse(out[0] ?? "")).toEqual(aTrade(0));
  expect(asked.map(({ searchParams }) => searchParams.get("limit"))).toEqual(["1000", "200"]);
});

test.each([
  [{ complete: false }, "This is not complete: 1 gap."],
  [{ complete: null }, "It is not known whether this is complete: 1 gap."],
])(
  "names the gaps of an answer that is %j and ends with status 3, all rows printed",
  async (state, sentence) => {
    const gap = { from: null, to: "2026-11-20T01:00:00.000Z", state: "missing", cause: "collector_down" };
    const { call } = aTape(3, { coverage: { ...COMPLETE, ...state, gaps_total: 1, gaps: [gap] } });

    const { status, out, told, errors } = await call("trades");

    expect([status, errors]).toEqual([3, [`polytape: ${sentence}`]]);
    expect(out).toHaveLength(4);
    expect(told).toEqual(["3 rows.", "gap: the start to 2026-11-20T01:00:00.000Z missing (collector_down)"]);
  },
);

test("tells how many gaps there are in all, also where the API names only some of them", async () => {
  const gap = { from: null, to: "2026-11-20T01:00:00.000Z", state: "missing", cause: null };
  const { call } = aTape(1, {
    coverage: { ...COMPLETE, complete: false, gaps_total: 450, gaps: Array.from({ length: 100 }, () => gap) },
  });

  const { told, errors } = await call("trades");

  expect(told.slice(1)).toHaveLength(21);
  expect(told.at(-1)).toBe("and 430 more gaps");
  expect(errors).toEqual(["polytape: This is not complete: 450 gaps."]);
});

test("an answer cut by the retention ends with status 3 and says where what is kept begins", async () => {
  const { call } = aTape(1, { truncated_by: "retention", retention_from: "2026-08-24T00:00:00.000Z" });

  const { status, errors } = await call("trades", "--from", "2026-01-01");

  expect([status, errors]).toEqual([
    3,
    ["polytape: What was before 2026-08-24T00:00:00.000Z is no longer kept."],
  ]);
});

test("a page that leads to itself is not followed for ever", async () => {
  const { call } = aTape(9_000, { next_cursor: "same" });

  expect(await call("trades", "--all")).toMatchObject({
    status: 1,
    errors: ["polytape: The API answers with a page that leads to itself."],
  });
});

test("a day means its start, and other times go as they are", async () => {
  const { call, asked } = aTape(1);

  await call("trades", "--from", "2026-11-20", "--to", "1795305600");

  expect(asked[0]?.search).toBe("?from=2026-11-20T00%3A00%3A00Z&to=1795305600&limit=100");
});

test.each(["tomorrow", "2026-13-45", "2026-11-22T10:00", ""])(
  "a time that is none (%j) is refused with all forms that are taken",
  async (time) => {
    const { call, asked } = aTape(1);

    const { status, errors } = await call("trades", "--from", time);

    expect([status, asked]).toEqual([2, []]);
    expect(errors.join()).toMatch(/--from must be a day \(.*a moment \(.*seconds or milliseconds/);
  },
);

test("--all and --limit do not go together", async () => {
  expect(await aTape(1).call("trades", "--all", "--limit", "5")).toMatchObject({ status: 2 });
});

test("what comes from outside cannot steer the terminal, and CSV quotes what it must", async () => {
  const title = 'red \u001b[31m "alert", now\nand \u202ereversed';
  const markets = {
    data: [{ slug: "s", title, outcomes: [{ name: "Yes" }] }],
    next_cursor: null,
    as_of: "x",
  };
  const { call } = aShell({ respond: () => Response.json({ ...markets, coverage: COMPLETE, ...KEPT }) });

  expect((await call("markets")).out[1]).toContain('red  [31m "alert", now and  reversed');
  const [, line] = (await call("markets", "--format", "csv")).out;
  expect(line).toContain('"red \u001b[31m ""alert"", now\nand');
  expect(line).toContain('"[{""name"":""Yes""}]"');
});

const CANDLES = ["candles", "a-slug", "--outcome", "Yes", "--interval", "1m"];

test("all candles are not asked for without a start, where the API would give a hundred", async () => {
  const { call, requests } = aShell({ respond: () => Response.json({}) });

  const { status, errors } = await call(...CANDLES, "--all");

  expect([status, requests]).toEqual([2, []]);
  expect(errors.join()).toContain("--all needs --from");
});

test("candles are read on where the API cut them only with --all", async () => {
  const page = (from: string | null) => ({
    candles: [{ open_time: from, open: null, observed: false }],
    next_from: from === "second" ? null : "second",
    coverage: COMPLETE,
    truncated_by: from === "second" ? null : "limit",
    retention_from: null,
  });
  const shell = () =>
    aShell({ respond: (request) => Response.json(page(new URL(request.url).searchParams.get("from"))) });
  const words = [...CANDLES, "--from", "2026-11-20"];

  const once = await shell().call(...words);
  const all = await shell().call(...words, "--all");

  expect([once.status, once.errors]).toEqual([
    3,
    ["polytape: The API cut this at its bound: --all reads on."],
  ]);
  expect([all.status, all.errors, all.out.length]).toEqual([0, [], 3]);
});

test("a book is shown best first, side by side, and one that the venue's hash contradicts ends with status 3", async () => {
  const levels = (...prices: number[]) =>
    prices.map((price, at) => ({ level: at + 1, price, size: 10 * (at + 1) }));
  const answer = (verified: boolean) => ({
    ts: "2026-11-22T11:59:00.000Z",
    bids: levels(0.4, 0.39),
    asks: levels(0.41),
    verified,
    source: "snapshot",
    age_ms: 5,
  });
  const words = ["book", "a-slug", "--outcome", "Yes"];

  const good = await aShell({ respond: () => Response.json(answer(true)) }).call(...words);
  const csv = await aShell({ respond: () => Response.json(answer(true)) }).call(...words, "--format", "csv");
  const bad = await aShell({ respond: () => Response.json(answer(false)) }).call(...words);

  expect(good.out).toEqual([
    "bid size  bid   ask   ask size",
    "10        0.4   0.41  10",
    "20        0.39  -     -",
  ]);
  expect(good.status).toBe(0);
  expect(csv.out).toEqual(["side,level,price,size", "bid,1,0.4,10", "bid,2,0.39,20", "ask,1,0.41,10"]);
  expect(bad.status).toBe(3);
});

test("a market is found by any of its names, which cannot leave its place in the path", async () => {
  const { call, requests } = aShell({ respond: () => Response.json({ slug: "s", closed: null }) });

  const { out } = await call("market", "../me?x=1");

  expect(requests[0]?.url).toBe("https://api.test/v1/markets/..%2Fme%3Fx%3D1");
  expect(out).toEqual(["field   value", "slug    s", "closed  -"]);
});

test("tells plan, limits and use by day", async () => {
  const answer = {
    plan: "weekly",
    limits: { rate_rps: 10, daily_cap: 100 },
    usage: { today: 3, resets_at: "x", by_day: [{ day: "2026-11-22", requests: 3 }] },
  };
  const respond = () => Response.json(answer);

  const { out } = await aShell({ respond }).call("me");

  expect(out).toEqual(expect.arrayContaining(["plan       weekly", "daily_cap  100", "2026-11-22  3"]));
  expect((await aShell({ respond }).call("me", "--format", "csv")).out).toEqual([
    "day,requests",
    "2026-11-22,3",
  ]);
});
