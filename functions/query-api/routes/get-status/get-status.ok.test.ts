import { expect, test } from "vitest";
import { anApi, NOW } from "../../testing/an-api.ts";
import { recordCoverage } from "../../testing/record-coverage.ts";
import { tradesOf } from "../../testing/store-trades.ts";

test("tells the newest trade, its age, and what is known about the last day", async () => {
  const api = await anApi();
  await api.store.trades.createTrades(tradesOf([{ tsSeconds: NOW / 1_000 - 30 }, {}]));
  await recordCoverage(api.store, "2026-11-21T00:00:00Z", "2026-11-22T13:00:00Z");

  const { status, body } = await api.ask("/v1/status");

  expect(status).toBe(200);
  expect(body.streams[0]).toMatchObject({
    stream: "trades",
    newest_ts: "2026-11-22T11:59:30.000Z",
    newest_ingested_at: "2026-11-22T12:00:00.000Z",
    lag_ms: 30_000,
    coverage: { complete: true, gaps: [] },
  });
  expect(body.streams[1]).toMatchObject({ stream: "books", newest_ts: null, coverage: { complete: null } });
  expect(body.versions).toMatchObject({ api: "v1", polytape: expect.stringMatching(/^\d+\.\d+\.\d+/) });
});

test("a newest trade ahead of our clock has no lag, not a negative one", async () => {
  const api = await anApi();
  await api.store.trades.createTrades(tradesOf([{ tsSeconds: NOW / 1_000 + 60 }]));

  const { body } = await api.ask("/v1/status");

  expect(body.streams[0]).toMatchObject({ newest_ts: "2026-11-22T12:01:00.000Z", lag_ms: 0 });
});

test("an empty tape has no newest trade and no lag", async () => {
  const { body } = await (await anApi()).ask("/v1/status");

  expect(body.streams[0]).toMatchObject({ newest_ts: null, lag_ms: null });
});
