import { expect, test } from "vitest";
import { backfillInput, readRequest } from "./backfill-request.ts";

const bounds = { backfillDays: 7, retentionDays: 90 };
const now = Date.parse("2026-11-22T22:10:24Z");
const marketId = `0x${"a1".repeat(32)}`;

test("takes the oldest whole day that is kept, and names it when it refuses an older one", () => {
  const day = { to: "2026-08-25T00:00:00Z", market_id: marketId };

  expect(readRequest({ ...day, from: "2026-08-24T00:00:00Z" }, bounds, now)?.fromSeconds).toBe(
    Date.parse("2026-08-24T00:00:00Z") / 1_000,
  );
  expect(() => readRequest({ ...day, from: "2026-08-23T12:00:00Z" }, bounds, now)).toThrow(
    "from: nothing before 2026-08-24T00:00:00.000Z is kept (RETENTION_DAYS is 90).",
  );
});

// A typing error that is passed over makes a request a tick, or one of all markets.
test("refuses a field that it does not know, by name, and takes what ticks and jobs send", () => {
  expect(backfillInput.safeParse({ market: marketId }).error?.issues[0]?.message).toContain('"market"');
  expect(backfillInput.parse({})).toEqual({});
  expect(backfillInput.parse({ backfill: "first", position: "1:2:3" })).toMatchObject({ backfill: "first" });
});

test("says to who asks for too much what works now, and where to allow more", () => {
  const ask = (input: object) => () => readRequest(input, bounds, now);

  expect(ask({ from: "2026-11-01T00:00:00Z" })).toThrow(
    "from: this asks for 22 days (all markets are read from now back to `from`), more than the 7 allowed. " +
      "2026-11-15T22:10:24.000Z or later works now; for more, set BACKFILL_DAYS (it is 7) in .env, or in the " +
      "environment of backfill-trades in stack.yml, and start again: `make up`.",
  );
  const ofMarket = { from: "2026-10-01T00:00:00Z", to: "2026-10-10T00:00:00Z", market_id: marketId };
  expect(ask(ofMarket)).toThrow("2026-10-03T00:00:00.000Z or later works now");
  // All markets are read from now: no later `from` would lie before this `to`.
  expect(ask({ from: "2026-11-01T00:00:00Z", to: "2026-11-02T00:00:00Z" })).not.toThrow("works now");
});
