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

/** Stores rows that carry a moment of arrival before the first page's, as a bulk does that a busy store shows late. */
async function showLate({ api }: Awaited<ReturnType<typeof anHourOf>>, place: number) {
  const nowMs = api.clock.nowMs;
  api.clock.nowMs = NOW + 5_000;
  await api.store.trades.createTrades(tradesOf([{ tsSeconds: START + place }]));
  api.clock.nowMs = nowMs;
  await recordCoverage(api.store, "2026-11-22T11:00:00Z", "2026-11-22T11:30:00Z");
  api.clock.nowMs += 60_000;
}

// It carries an arrival that the pages allow for, and lies behind them: nothing else would tell that it was passed over.
test("the last page does not claim to be complete when a row behind it was shown too late to be on any", async () => {
  const hour = await anHourOf([0, 10, 20, 30, 40]);
  await showLate(hour, 5);

  const second = (await hour.api.ask(`${HOUR}&cursor=${hour.first.next_cursor}`)).body;
  const { body, headers } = await hour.api.ask(`${HOUR}&cursor=${second.next_cursor}`);

  expect(body).toMatchObject({
    data: [{ ts: "2026-11-22T11:00:40.000Z" }],
    next_cursor: null,
    coverage: {
      complete: false,
      from: "2026-11-22T11:00:00.000Z",
      gaps: [
        {
          from: "2026-11-22T11:00:00.000Z",
          to: "2026-11-22T11:30:00.000Z",
          state: "partial",
          cause: "stored_after_as_of",
        },
      ],
    },
  });
  expect(headers.get("etag")).toBeNull();
});

test("a row that was shown late and lies ahead is on a page, and nothing lacks", async () => {
  const hour = await anHourOf([0, 10, 20, 30]);
  await showLate(hour, 25);

  const second = (await hour.api.ask(`${HOUR}&cursor=${hour.first.next_cursor}`)).body;
  const { body } = await hour.api.ask(`${HOUR}&cursor=${second.next_cursor}`);

  expect(body.data).toHaveLength(1);
  expect(body.coverage).toMatchObject({ complete: true, gaps: [] });
});

test("a walk that goes on from a page by number counts the rows of the pages before it", async () => {
  const hour = await anHourOf([0, 10, 20, 30, 40]);
  await recordCoverage(hour.api.store, "2026-11-22T11:00:00Z", "2026-11-22T11:30:00Z");
  hour.api.clock.nowMs += 60_000;

  const second = (await hour.api.ask(`${HOUR}&page=2`)).body;
  const { body } = await hour.api.ask(`${HOUR}&cursor=${second.next_cursor}`);

  expect(body.coverage).toMatchObject({ complete: true, gaps: [] });
});

test("a page of a proven hour to which nothing was added is complete", async () => {
  const { api, first } = await anHourOf([0, 10, 20, 30]);
  await recordCoverage(api.store, "2026-11-22T11:00:00Z", "2026-11-22T11:30:00Z");
  api.clock.nowMs += 60_000;

  const { body } = await api.ask(`${HOUR}&cursor=${first.next_cursor}`);

  expect(body.coverage).toMatchObject({ complete: true, gaps: [] });
});
