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
