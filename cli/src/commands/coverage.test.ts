import type { CoverageInterval } from "@polytape/market-model";
import { aMarket } from "@polytape/market-model/testing";
import { expect, test } from "vitest";
import { readSurroundings } from "../surroundings.ts";
import { aShell, NOW } from "../testing.ts";
import { coverageCommands } from "./coverage.ts";

const MARKET = `0x${"a1".repeat(32)}`;

function aLedger() {
  const { call: callAny, store } = aShell({ commands: coverageCommands });
  const call = (...words: string[]) => callAny("coverage", ...words);
  const say = (from: string, to: string, changes: Partial<CoverageInterval> = {}) =>
    store.coverage.recordIntervals([
      {
        stream: "trades",
        marketId: null,
        assetId: null,
        fromMs: Date.parse(from),
        toMs: Date.parse(to),
        state: "complete",
        cause: null,
        evidence: {},
        ...changes,
      },
    ]);
  return { call, say, store };
}

const DAYS = ["--from", "2026-11-20", "--to", "2026-11-23"];

test("tells day by day how much is complete, and the gaps with their cause", async () => {
  const { call, say } = aLedger();
  await say("2026-11-20T00:00:00Z", "2026-11-22T11:50:00Z");
  const gap = { state: "missing", cause: "collector_down" } as const;
  await say("2026-11-21T23:00:00Z", "2026-11-22T00:30:00.500Z", gap);

  const { status, out } = await call(...DAYS);

  expect(status).toBe(0);
  expect(out).toEqual([
    "day (UTC)   complete  gaps",
    "2026-11-20  100 %     none",
    "2026-11-21  95.83 %   23:00:00-24:00:00 missing (collector_down)",
    "2026-11-22  47.22 %   00:00:00-00:30:00.500 missing (collector_down); 11:50:00-24:00:00 unknown",
    "",
    "In all: complete 81.01 %, missing 2.08 %, unknown 16.89 %",
  ]);
});

test("a day with a gap of a millisecond is never shown as 100 %", async () => {
  const { call, say } = aLedger();
  await say("2026-11-20T00:00:00Z", "2026-11-21T00:00:00Z");
  await say("2026-11-20T10:00:00Z", "2026-11-20T10:00:00.001Z", { state: "partial", cause: "throttled" });

  const { out } = await call("--from", "2026-11-20", "--to", "2026-11-21");

  expect(out[1]).toBe("2026-11-20  99.99 %   10:00:00-10:00:00.001 partial (throttled)");
  expect(out.at(-1)).toBe("In all: complete 99.99 %, partial < 0.01 %");
});

test("names the longest gaps of a day in a line, and all of them as JSON", async () => {
  const { call, say } = aLedger();
  for (const hour of ["01", "02", "03", "04", "05"])
    await say(`2026-11-20T${hour}:00:00Z`, `2026-11-20T${hour}:${hour}:00Z`, { state: "missing" });
  await say("2026-11-20T06:00:00Z", "2026-11-21T00:00:00Z");
  const day = ["--from", "2026-11-20", "--to", "2026-11-21"];

  expect((await call(...day)).out[1]).toContain("and 8 shorter");
  const { out } = await call(...day, "--json");

  const [only = ""] = out;
  expect(out).toHaveLength(1);
  expect(JSON.parse(only)).toMatchObject({ day: "2026-11-20", complete_ms: 64_800_000, missing_ms: 900_000 });
  expect(JSON.parse(only).gaps).toHaveLength(11);
  expect(JSON.parse(only).gaps[1]).toEqual({
    from: "2026-11-20T01:00:00.000Z",
    to: "2026-11-20T01:01:00.000Z",
    state: "missing",
    cause: null,
  });
});

test("asks about one market and one stream, the last seven days unless told otherwise", async () => {
  const { call, say, store } = aLedger();
  await store.markets.storeMarkets([aMarket({ marketId: MARKET })], NOW - 10_000);
  await say("2026-11-15T12:00:00Z", "2026-11-22T12:00:00Z", { stream: "books", marketId: MARKET });

  const { out, told } = await call("--market", MARKET.toUpperCase().replace("0X", "0x"), "--stream", "books");

  expect(out).toHaveLength(11);
  expect(out.at(-1)).toBe("In all: complete 100 %");
  expect(told.join()).toContain("Only trades have a ledger so far");
});

test.each(["condition id", "Gamma id", "slug"] as const)("finds a market by its %s", async (name) => {
  const { call, say, store } = aLedger();
  const market = aMarket();
  await store.markets.storeMarkets([market], NOW - 10_000);
  const hours = ["2026-11-22T00:00:00Z", "2026-11-22T06:00:00Z"] as const;
  await say(...hours, { marketId: market.marketId });
  const names = { "condition id": market.marketId, "Gamma id": market.gammaId, slug: market.slug };

  const { out } = await call(
    "--market",
    names[name],
    "--from",
    hours[0],
    "--to",
    hours[1],
    "--format",
    "csv",
  );

  expect(out).toEqual([
    "day,complete_ms,partial_ms,missing_ms,unknown_ms,gaps",
    "2026-11-22,21600000,0,0,0,0",
  ]);
});

test("days before those that are kept are told as past retention, not as unknown", async () => {
  const { call, say } = aLedger();
  await say("2026-08-24T00:00:00Z", "2026-08-24T12:00:00Z");

  const { out } = await call("--from", "2026-08-23", "--to", "2026-08-25");
  const { out: json } = await call("--from", "2026-08-23", "--to", "2026-08-25", "--json");

  expect(out.slice(1)).toEqual([
    "2026-08-23  0 %       past retention",
    "2026-08-24  50 %      12:00:00-24:00:00 unknown",
    "",
    "In all: complete 25 %, unknown 25 %, past retention 50 %",
  ]);
  expect(JSON.parse(json[0] ?? "")).toMatchObject({ past_retention: true });
  expect(JSON.parse(json[1] ?? "")).not.toHaveProperty("past_retention");
});

const HOUR_MS = 3_600_000;
const at = (ms: number) => new Date(ms).toISOString();

/** An API that knows one entry an hour, and gives a few at once; its pages overlap by an entry. */
function anApi({ atOnce = 1_000, complete = true }: { atOnce?: number; complete?: boolean } = {}) {
  const asked: URL[] = [];
  const respond = (request: Request) => {
    const url = new URL(request.url);
    asked.push(url);
    const [from = 0, to = 0] = ["from", "to"].map((name) => Date.parse(url.searchParams.get(name) ?? ""));
    const data = Array.from({ length: Math.ceil((to - from) / HOUR_MS) }, (_, n) => ({
      ...{ stream: "trades", market_id: null, asset_id: null, evidence: { pages: 3 } },
      ...{ from: at(from + n * HOUR_MS), to: at(from + (n + 1) * HOUR_MS) },
      ...(n % 5 === 4 ? { state: "partial", cause: "upstream_lag" } : { state: "complete", cause: null }),
    }));
    const total = {
      stream: "trades",
      complete_ms: 81,
      partial_ms: 2,
      missing_ms: 0,
      unknown_ms: 17,
      complete,
    };
    const isCut = data.length > atOnce;
    return Response.json({
      ...{ data: data.slice(0, atOnce), totals: [total], retention_from: "2026-08-24T00:00:00.000Z" },
      ...{ truncated_by: isCut ? "limit" : null, next_from: isCut ? data[atOnce - 1]?.from : null },
    });
  };
  return { respond, asked };
}

test("over the API it prints every entry, tells totals, and ends with status 3 unless all is complete", async () => {
  const { respond, asked } = anApi({ complete: false });
  const { call } = aShell({ commands: coverageCommands, respond });

  const { status, out, told } = await call("coverage", "--api", "--market", "a-slug", ...DAYS);

  expect(asked[0]?.search).toBe(
    "?market_id=a-slug&stream=trades&from=2026-11-20T00%3A00%3A00.000Z&to=2026-11-23T00%3A00%3A00.000Z",
  );
  expect(status).toBe(3);
  expect(out).toHaveLength(73);
  expect(out[5]).toBe("2026-11-20T04:00:00.000Z  2026-11-20T05:00:00.000Z  partial   upstream_lag  -");
  expect(told).toEqual(["72 rows.", "trades: complete 81 %, partial 2 %, missing 0 %, unknown 17 %."]);
  const whole = aShell({ commands: coverageCommands, respond: anApi().respond });
  expect(await whole.call("coverage", "--api", ...DAYS)).toMatchObject({ status: 0, errors: [] });
});

test.each([
  ["csv", "from,to,state,cause,market_id,stream,asset_id,evidence", 73],
  ["json", '{"stream":"trades","market_id":null', 72],
])("entries come as %s, each once, also when the API gives a few at once", async (format, first, lines) => {
  const { respond, asked } = anApi({ atOnce: 10 });
  const { call } = aShell({ commands: coverageCommands, respond });

  const { status, out } = await call("coverage", "--api", ...DAYS, "--format", format);

  expect(status).toBe(0);
  expect(out[0]).toContain(first);
  expect(out).toHaveLength(lines);
  expect(new Set(out.map((line) => line.slice(0, 160))).size).toBe(lines);
  expect(asked).toHaveLength(8);
});

test("over the API days before those that are kept end with status 3, also when the entries come in parts", async () => {
  const { call } = aShell({ commands: coverageCommands, respond: anApi({ atOnce: 10 }).respond });

  const { status, errors } = await call("coverage", "--api", "--from", "2026-08-20", "--to", "2026-08-26");

  expect([status, errors.join()]).toEqual([
    3,
    "polytape: What was before 2026-08-24T00:00:00.000Z is no longer kept.",
  ]);
});

test("asks the API without being told to when there is a key and no store is named", async () => {
  const { respond, asked } = anApi();
  const { api } = readSurroundings({ POLYTAPE_API_KEY: "pt_x" });
  const over = (variables: Record<string, string>) =>
    aShell({ commands: coverageCommands, respond, surroundings: { api, variables } }).call(
      "coverage",
      ...DAYS,
    );

  const reader = await over({});
  const operator = await over({ OPENSEARCH_URL: "http://127.0.0.1:9200" });

  expect(asked).toHaveLength(1);
  expect(reader.out).toHaveLength(73);
  expect(operator.out[0]).toContain("day (UTC)");
});

test.each([
  [["--market", "some-slug"], "No market some-slug is known here"],
  [["--market", MARKET], "is known here"],
  [["--from", "2026-11-23"], "--from lies in the future"],
  [["--market", ""], "--market must name a market"],
  [["--stream", "candles"], "--stream must be one of"],
  [["--from", "yesterday"], "--from must be a day"],
  [["--from", "2026-02-31"], "--from must be a day"],
  [["--from", "2026-11-22", "--to", "2026-11-22"], "--from must lie before --to"],
  [["--from", "2025-01-01"], "at most 400 days"],
])("refuses %j", async (words, sentence) => {
  const { status, errors } = await aLedger().call(...words);

  expect(status).toBe(2);
  expect(errors.join()).toContain(sentence);
});
