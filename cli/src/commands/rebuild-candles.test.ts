import { PolytapeError } from "@polytape/market-model";
import { aMarket } from "@polytape/market-model/testing";
import { expect, test } from "vitest";
import { aShell, NOW } from "../testing.ts";

const DAY = ["rebuild-candles", "--from", "2026-11-21", "--to", "2026-11-22"];
const COUNTS = { minutes: 10, created: 0, changed: 0, revised: 0, unchanged: 12, orphaned: 0, too_large: 0 };
const DONE = {
  rebuild_from: "2026-11-21T00:00:00.000Z",
  rebuild_to: "2026-11-22T00:00:00.000Z",
  ...COUNTS,
  nothing_changed: true,
  next: null,
};

function aFunction(...answers: unknown[]) {
  const asked: unknown[] = [];
  const answerOf = (name: string, body: unknown) => {
    asked.push([name, body]);
    const answer = answers[Math.min(asked.length, answers.length) - 1];
    if (answer instanceof Error) throw answer;
    return answer;
  };
  return { asked, ...aShell({ answerOf }) };
}

test("calls until the rebuild is over, one line a call, and ends with what it came to", async () => {
  const { call, asked } = aFunction(
    { ...DONE, minutes: 4, next: { hour: "2026-11-21T06:00:00.000Z" } },
    DONE,
  );

  const { status, out, told } = await call(...DAY);

  expect(status).toBe(0);
  const rebuild = { from: "2026-11-21T00:00:00.000Z", to: "2026-11-22T00:00:00.000Z", market_id: undefined };
  expect(asked).toEqual([
    ["build-candles", { rebuild }],
    ["build-candles", { rebuild }],
  ]);
  expect(told[0]).toBe("6 of 24 hours done, 18 left; 4 candle minutes looked at");
  expect(told[1]).toMatch(/^24 of 24 hours done, 0 left; 10 candle minutes looked at, \d+ minutes\/s$/);
  expect(out).toEqual(["Nothing changed: 12 candles are what their trades say."]);
});

test("says what changed, and names what it left alone", async () => {
  const changes = { created: 3, changed: 2, revised: 1, orphaned: 1, orphaned_examples: ["9|1m|0"] };
  const { call } = aFunction({ ...DONE, ...changes, nothing_changed: false });

  const { out } = await call(...DAY);

  expect(out).toEqual([
    "3 candles made, 2 changed (1 of them settled before), 12 unchanged; 1 without trades, left alone (9|1m|0).",
  ]);
});

test("a range without trades is told as that", async () => {
  const { call } = aFunction({ ...DONE, unchanged: 0, minutes: 0 });

  expect((await call(...DAY)).out[0]).toContain("there are no trades in this range");
});

test("says when the range was widened to whole windows", async () => {
  const { call } = aFunction(DONE);

  const { told } = await call("rebuild-candles", "--from", "2026-11-21T00:30:00Z", "--to", "2026-11-22");

  expect(told[0]).toContain("Widened to whole windows of an hour: 2026-11-21T00:00:00.000Z to");
});

test.each(["slug", "gammaId", "marketId"] as const)("takes a market by its %s", async (name) => {
  const { call, asked, store } = aFunction(DONE);
  const market = aMarket();
  await store.markets.storeMarkets([market], NOW - 10_000);

  await call(...DAY, "--market", market[name]);

  expect(asked[0]).toMatchObject(["build-candles", { rebuild: { market_id: market.marketId } }]);
});

test("a gateway that is away is tried five times; then it is said where, and what to do", async () => {
  const away = new PolytapeError("operating", "gateway_unavailable", "The gateway cannot be reached.");
  const { call, asked, pauses } = aFunction(away);

  const { status, errors } = await call(...DAY);

  expect([status, asked.length, pauses.length]).toEqual([1, 5, 4]);
  expect(errors.join()).toContain("goes on where it stopped");
  expect(errors.join()).toContain("http://127.0.0.1:8080");
  expect(errors.join()).toContain("make status");
});

test("a call that fails once is repeated, and a refusal is not", async () => {
  const away = new PolytapeError("operating", "function_refused", "build-candles answered 503.");
  const refused = new PolytapeError("input", "function_refused", "No.");
  const passing = aFunction(away, DONE);
  const refusing = aFunction(refused);

  expect((await passing.call(...DAY)).status).toBe(0);
  expect((await refusing.call(...DAY)).status).toBe(2);
  expect(refusing.asked).toHaveLength(1);
});

test("a range that reaches past what is kept, or into the future, is cut there and that is said", async () => {
  const { call, asked } = aFunction(DONE);

  const { told } = await call("rebuild-candles", "--from", "2026-08-01", "--to", "2026-12-01");

  expect(asked[0]).toMatchObject([
    "build-candles",
    { rebuild: { from: "2026-08-24T00:00:00.000Z", to: "2026-11-22T12:00:00.000Z" } },
  ]);
  expect(told.join()).toContain("before 2026-08-24T00:00:00.000Z no trades are kept (RETENTION_DAYS)");
  expect(told.join()).toContain("--to lies in the future");
});

test.each([
  [["--from", "2026-11-23", "--to", "2026-11-24"], "--from lies in the future"],
  [["--from", "2026-01-01", "--to", "2026-01-02"], "nothing to make candles of"],
  [["--from", "2026-11-22", "--to", "2026-11-22"], "--from must lie before --to"],
  [["--from", "2026-11-21"], "--to"],
  [
    ["--from", "2026-11-21", "--to", "2026-11-22", "--market", "nobody-knows"],
    "No market nobody-knows is known",
  ],
  [["--from", "2026-11-21", "--to", "2026-11-22", "--market", `0x${"e".repeat(64)}`], "is known here"],
])("refuses %j without a call", async (words, sentence) => {
  const { call, asked } = aFunction(DONE);

  const { status, errors } = await call("rebuild-candles", ...words);

  expect([status, asked]).toEqual([2, []]);
  expect(errors.join()).toContain(sentence);
});
