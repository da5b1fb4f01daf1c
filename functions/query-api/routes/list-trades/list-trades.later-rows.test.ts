import { SECOND_MS } from "@polytape/market-model";
import { expect, test } from "vitest";
import { anApi, NOW } from "../../testing/an-api.ts";
import { recordCoverage } from "../../testing/record-coverage.ts";
import { tradesOf } from "../../testing/store-trades.ts";

const START = NOW / SECOND_MS - 3_600;
const HOUR = "/v1/trades?from=2026-11-22T11:00:00Z&to=2026-11-22T11:30:00Z&sort=ts:asc&limit=2";

async function anHourOf(places: readonly number[]) {
  const api = await anApi();
  await api.store.trades.createTrades(tradesOf(places.map((place) => ({ tsSeconds: START + place }))));
  api.clock.nowMs = NOW + 10_000;
  const first = (await api.ask(HOUR)).body;
  // A backfill finds more of the same hour, and proves it.
  const found = tradesOf([{ tsSeconds: START + 5 }, { tsSeconds: START + 600 }]);
  return { api, first, found };
}

test("a page does not claim to be complete when rows were stored since the first page was read", async () => {
  const { api, first, found } = await anHourOf([0, 10, 20, 30]);
  await api.store.trades.createTrades(found);
  await recordCoverage(api.store, "2026-11-22T11:00:00Z", "2026-11-22T11:30:00Z");
  api.clock.nowMs += 60_000;

  const { body, headers } = await api.ask(`${HOUR}&cursor=${first.next_cursor}`);

  expect(body.data).toHaveLength(2);
  expect(body.coverage).toMatchObject({
    complete: false,
    gaps: [
      {
        from: "2026-11-22T11:00:05.000Z",
        to: "2026-11-22T11:10:01.000Z",
        state: "partial",
        cause: "stored_after_as_of",
      },
    ],
  });
  expect(headers.get("etag")).toBeNull();
});

test("a page of a proven hour to which nothing was added is complete", async () => {
  const { api, first } = await anHourOf([0, 10, 20, 30]);
  await recordCoverage(api.store, "2026-11-22T11:00:00Z", "2026-11-22T11:30:00Z");
  api.clock.nowMs += 60_000;

  const { body } = await api.ask(`${HOUR}&cursor=${first.next_cursor}`);

  expect(body.coverage).toMatchObject({ complete: true, gaps: [] });
});
