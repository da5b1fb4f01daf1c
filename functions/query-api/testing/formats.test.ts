import { aMarket } from "@polytape/market-model/testing";
import { expect, test } from "vitest";
import { anApi, NOW } from "./an-api.ts";
import { anApiWithCandles } from "./an-api-with-candles.ts";
import { recordCoverage } from "./record-coverage.ts";

const MARKET = aMarket();
const RANGE = "from=2026-11-22T11:00:00Z&to=2026-11-22T11:03:00Z";
const TRADES = `/v1/trades?market_id=${MARKET.slug}&sort=ts:asc&${RANGE}`;
const CANDLES = `/v1/candles?market_id=${MARKET.slug}&outcome=Yes&interval=1m&${RANGE}`;

async function aTradedApi({ proven = true } = {}) {
  const api = await anApiWithCandles(
    [5, 10, 65, 66, 130].map((second) => ({ tsSeconds: NOW / 1_000 - 3_600 + second })),
  );
  api.clock.nowMs += 10_000;
  if (proven) await recordCoverage(api.store, "2026-11-22T10:00:00Z", "2026-11-22T11:30:00Z");
  return api;
}

async function asText(api: Awaited<ReturnType<typeof anApi>>, path: string, accept?: string) {
  const response = await api.send(path, accept === undefined ? {} : { headers: { accept } });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

test.each([TRADES, CANDLES, "/v1/markets?limit=5", "/v1/coverage?stream=trades"])(
  "%s as NDJSON holds the very rows of the JSON answer, and its headers the rest",
  async (question) => {
    const api = await aTradedApi();

    const { body } = await api.ask(question);
    const lines = await asText(api, `${question}&format=ndjson`);

    const { data, candles, ...beside } = body;
    expect(lines.headers.get("content-type")).toBe("application/x-ndjson");
    const read = lines.text.split("\n").filter(Boolean);
    expect(read.map((line) => JSON.parse(line))).toEqual(data ?? candles);
    expect(read.length).toBeGreaterThan(0);
    expect(JSON.parse(lines.headers.get("x-answer") ?? "")).toMatchObject(beside);
  },
);

test("CSV has the documented fields as its heading, a line for each row, and nothing for null", async () => {
  const api = await aTradedApi({ proven: false });

  const { text, headers } = await asText(api, `${CANDLES}&format=csv`);

  const lines = text.split("\r\n");
  expect(headers.get("content-type")).toBe("text/csv; charset=utf-8; header=present");
  expect(lines[0]).toBe(
    "open_time,open,high,low,close,volume,notional,vwap,n,buy_volume,sell_volume,observed,final,rev",
  );
  expect(lines.slice(1)).toEqual([
    "2026-11-22T11:00:00.000Z,0.6,0.6,0.6,0.6,20,12,0.6,2,20,0,true,false,0",
    "2026-11-22T11:01:00.000Z,0.6,0.6,0.6,0.6,20,12,0.6,2,20,0,true,false,0",
    "2026-11-22T11:02:00.000Z,0.6,0.6,0.6,0.6,10,6,0.6,1,10,0,true,false,0",
    "",
  ]);
  expect(headers.get("x-coverage-complete")).toBe("unknown");
});

test("CSV quotes what would break a line, and writes what has parts as JSON", async () => {
  const api = await anApi();
  const title = 'Will "it", rain\ntomorrow? ☂';
  await api.store.markets.storeMarkets([aMarket({ title, tags: [], description: null })], NOW - 10_000);

  const { text } = await asText(api, "/v1/markets?format=csv");

  expect(text).toContain(',"Will ""it"", rain\ntomorrow? ☂",,');
  expect(text).toContain('"[{""name"":""Yes"",""asset_id"":""1001"",');
  expect(text).toContain(",[],");
});

test("an empty table has its heading still, and says whether there was nothing", async () => {
  const api = await aTradedApi();

  const { text, headers } = await asText(
    api,
    `/v1/trades?from=2026-11-22T10:10:00Z&to=2026-11-22T10:20:00Z&format=csv`,
  );

  expect(text).toMatch(/^trade_id,market_id,[a-z_,]+\r\n$/);
  expect(headers.get("x-coverage-complete")).toBe("true");
});

test.each([
  ["from=2026-11-22T10:00:00Z&to=2026-11-22T11:00:00Z&stream=trades", "true"],
  ["from=2026-11-22T10:00:00Z&to=2026-11-22T11:00:00Z", "unknown"],
  ["from=2026-11-22T10:00:00Z&to=2026-11-22T11:31:00Z&stream=trades", "false"],
])("a table of the ledger's entries about %s says %s, as its totals do", async (question, complete) => {
  const api = await aTradedApi();
  await recordCoverage(api.store, "2026-11-22T11:30:00Z", "2026-11-22T11:31:00Z", {
    state: "missing",
    cause: "throttled",
  });

  const { headers } = await asText(api, `/v1/coverage?${question}&format=csv`);

  expect(headers.get("x-coverage-complete")).toBe(complete);
});

test("a cut or doubtful table says so in its headers: gaps, retention, and ASCII whatever the names", async () => {
  const api = await anApi();
  const outcomes = aMarket().outcomes.map((outcome, place) =>
    place === 0 ? { ...outcome, name: "Да" } : outcome,
  );
  await api.store.markets.storeMarkets([aMarket({ outcomes })], NOW - 10_000);
  for (let second = 0; second < 5_400; second += 60)
    await recordCoverage(
      api.store,
      new Date(NOW - 7_200_000 + second * 1_000).toISOString(),
      new Date(NOW - 7_200_000 + (second + 30) * 1_000).toISOString(),
      { state: "missing", cause: "throttled" },
    );

  const { headers } = await asText(
    api,
    `/v1/candles?market_id=${MARKET.slug}&outcome=0&interval=1m&from=2026-11-22T09:30:00Z&to=2026-11-22T11:30:00Z&format=csv`,
  );
  const past = await asText(api, "/v1/trades?from=2026-01-01T00:00:00Z&format=ndjson");

  const beside = JSON.parse(headers.get("x-answer") ?? "");
  expect(headers.get("x-answer")).toMatch(/^[\x20-\x7e]+$/);
  expect(beside.outcome).toBe("Да");
  expect(beside.coverage.gaps).toHaveLength(20);
  expect(beside.coverage.gaps_total).toBe(181);
  expect(headers.get("x-coverage-complete")).toBe("false");
  expect(past.headers.get("x-truncated-by")).toBe("retention");
});

test.each([
  ["text/csv", "text/csv; charset=utf-8; header=present"],
  ["application/x-ndjson;q=0.9, text/csv;q=0.1", "application/x-ndjson"],
  ["text/html, */*", "application/json"],
  ["image/png", "application/json"],
])("Accept: %s gets %s", async (accept, contentType) => {
  const api = await aTradedApi();

  const { headers } = await asText(api, TRADES, accept);

  expect(headers.get("content-type")).toBe(contentType);
  expect(headers.get("vary")).toContain("Accept");
  expect((await asText(api, `${TRADES}&format=json`, accept)).headers.get("content-type")).toBe(
    "application/json",
  );
});

test("refuses a format that there is none of, and a format where there are no rows", async () => {
  const api = await aTradedApi();

  expect((await api.ask(`${TRADES}&format=xml`)).body.error.message).toContain("json, csv, ndjson");
  expect((await api.ask("/v1/status?format=csv")).status).toBe(400);
});

test.each(["json", "csv", "ndjson"])(
  "Link leads through a list in %s, each row once, and ends",
  async (format) => {
    const api = await aTradedApi();

    let path: string | null = `${TRADES}&format=${format}&limit=2&page=1`;
    const pages: string[] = [];
    while (path !== null && pages.length < 9) {
      const { status, text, headers } = await asText(api, path);
      expect(status).toBe(200);
      pages.push(
        ...[...text.matchAll(/2026-11-22T11:0\d:\d\d.000Z(?=[^,]*,"side"|,buy)/g)].map(([ts]) => ts),
      );
      const next = /^<(\?[^>]+)>; rel="next"$/.exec(headers.get("link") ?? "")?.[1];
      path = next === undefined ? null : `/v1/trades${next}`;
    }

    expect(pages).toEqual(
      ["00:05", "00:10", "01:05", "01:06", "02:10"].map((at) => `2026-11-22T11:${at}.000Z`),
    );
  },
);

test("Link leads to the rest of a series that was cut", async () => {
  const api = await aTradedApi();

  const { body, headers } = await api.ask(CANDLES.replace(RANGE, "from=2026-11-17T00:00:00Z"));

  const next = new URLSearchParams(/^<\?([^>]+)>/.exec(headers.get("link") ?? "")?.[1]);
  expect(next.get("from")).toBe(body.next_from);
  expect(next.get("interval")).toBe("1m");
});

test.each([TRADES, CANDLES, `${TRADES}&format=csv`])(
  "%s is settled: it has an ETag, and whoever has it gets 304 without a body",
  async (path) => {
    const api = await aTradedApi();

    const first = await api.send(path);
    const tag = first.headers.get("etag") ?? "";
    api.clock.nowMs += 5_000;
    const again = await api.send(path, { headers: { "if-none-match": `"other", ${tag}` } });
    const head = await api.send(path, { method: "HEAD", headers: { "if-none-match": tag } });
    const other = await api.send(path, { headers: { "if-none-match": '"other"' } });

    expect(first.headers.get("cache-control")).toBe("private, max-age=60");
    expect([again.status, await again.text(), again.headers.get("etag")]).toEqual([304, "", tag]);
    expect(again.headers.get("ratelimit-limit")).not.toBeNull();
    expect(again.headers.get("x-request-id")).not.toBeNull();
    expect([head.status, other.status]).toEqual([304, 200]);
  },
);

test("what a late trade changes has another ETag; formats have different ones", async () => {
  const api = await aTradedApi();
  const before = (await api.send(TRADES)).headers.get("etag");
  await recordCoverage(api.store, "2026-11-22T11:00:00Z", "2026-11-22T11:30:00Z", { evidence: { rows: 6 } });
  const same = (await api.send(TRADES)).headers.get("etag");
  const [trade] = await api.store.trades.findTrades({ sort: "asc", limit: 1 });
  if (trade) await api.store.trades.createTrades([{ ...trade, tradeId: "late", tie: 1 }]);
  api.clock.nowMs += 5_000;

  expect(before).not.toBeNull();
  expect(same).toBe(before);
  expect((await api.send(TRADES)).headers.get("etag")).not.toBe(before);
  expect((await api.send(`${TRADES}&format=csv`)).headers.get("etag")).not.toBe(before);
});

// Whoever has the page must learn that there is another one now: nothing else of the answer tells.
test.each(["json", "csv", "ndjson"])(
  "a late trade behind a full page in %s gives it another ETag: there is a next page now",
  async (format) => {
    const api = await aTradedApi();
    const page = `/v1/trades?${RANGE.replace("11:03", "11:01")}&sort=ts:asc&limit=2&format=${format}`;
    const before = await api.send(page);
    const tag = before.headers.get("etag") ?? "";
    const [, last] = await api.store.trades.findTrades({ sort: "asc", limit: 2 });
    if (last)
      await api.store.trades.createTrades([{ ...last, tradeId: "late", tsSeconds: last.tsSeconds + 1 }]);
    api.clock.nowMs += 5_000;

    const after = await api.send(page, { headers: { "if-none-match": tag } });

    expect([before.status, before.headers.has("link"), tag]).toEqual([
      200,
      false,
      expect.stringMatching(/^W/),
    ]);
    expect([after.status, after.headers.has("link")]).toEqual([200, true]);
    expect(await after.text()).toContain("11:00:10.000Z");
  },
);

test.each([
  ["has no end", TRADES.replace("&to=2026-11-22T11:03:00Z", "")],
  ["reaches into what may still get late rows", TRADES.replace("11:03", "11:59")],
  ["reaches past what is kept", TRADES.replace("2026-11-22T11:00", "2026-01-01T11:00")],
  ["is about now", "/v1/status"],
])("a question that %s has no ETag", async (_what, path) => {
  const api = await aTradedApi();

  expect((await api.send(path)).headers.has("etag")).toBe(false);
});

test("a trade list that is not proven complete has no ETag, and a resolved market has one", async () => {
  const api = await aTradedApi({ proven: false });
  await api.store.markets.storeMarkets(
    [aMarket({ marketId: `0x${"7".repeat(64)}`, gammaId: "777", slug: "done", status: "resolved" })],
    NOW,
  );

  expect((await api.send(TRADES)).headers.has("etag")).toBe(false);
  expect((await api.send(`/v1/markets/${MARKET.slug}`)).headers.has("etag")).toBe(false);
  expect((await api.send("/v1/markets/done")).headers.has("etag")).toBe(true);
});

test.each(["/docs", "/openapi.json", "/llms.txt"])("%s is not sent again to whoever has it", async (path) => {
  const api = await anApi();

  const tag = (await api.send(path)).headers.get("etag") ?? "";
  const again = await api.send(path, { headers: { "if-none-match": tag } });

  expect([again.status, await again.text()]).toEqual([304, ""]);
});

test("a page of any origin may ask, sees the headers that matter, and asks permission without a key", async () => {
  const api = await aTradedApi();
  const origin = { origin: "https://a-page.test" };

  const asked = await api.send(TRADES, { headers: origin });
  const refused = await api.send("/v1/trades?limit=0", { headers: origin });
  const denied = await api.send("/v1/trades", { key: null, headers: origin });
  const preflight = await api.send("/v1/trades", {
    key: null,
    method: "OPTIONS",
    headers: {
      ...origin,
      "access-control-request-method": "GET",
      "access-control-request-headers": "x-api-key",
    },
  });

  for (const { headers } of [asked, refused, denied, preflight])
    expect(headers.get("access-control-allow-origin")).toBe("*");
  const exposed = asked.headers.get("access-control-expose-headers") ?? "";
  for (const name of ["Link", "ETag", "X-Request-Id", "RateLimit-Remaining", "Retry-After", "X-Answer"])
    expect(exposed).toContain(name);
  expect(preflight.status).toBe(204);
  expect(preflight.headers.get("access-control-allow-headers")).toContain("X-API-Key");
  expect(preflight.headers.get("access-control-allow-methods")).toBe("GET,HEAD");
});
