import { aMarket } from "@polytape/market-model/testing";
import { SCHEMA_VERSION } from "@polytape/market-store";
import { expect, test } from "vitest";
import { anApi, NOW } from "../../testing/an-api.ts";
import { recordCoverage } from "../../testing/record-coverage.ts";
import { tradesOf } from "../../testing/store-trades.ts";

const OTHER = `0x${"7".repeat(64)}`;

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
    ingest_lag_ms: 30_000,
    coverage: { complete: true, gaps: [] },
  });
  expect(body.streams[1]).toMatchObject({ stream: "books", newest_ts: null, coverage: { complete: null } });
  expect(body.versions).toEqual({
    ...{ api: "v1", polytape: expect.stringMatching(/^\d+\.\d+\.\d+/) },
    ...{ opensearch: "3.0.0", nats: "2.14.9", schema: SCHEMA_VERSION },
  });
});

test("while the venue is quiet the newest trade ages, and does not come later for that", async () => {
  const api = await anApi();
  await api.store.trades.createTrades(tradesOf([{ tsSeconds: NOW / 1_000 - 5 }]));
  api.clock.nowMs += 3_600_000;

  const { body } = await api.ask("/v1/status");

  expect(body.streams[0]).toMatchObject({ lag_ms: 3_605_000, ingest_lag_ms: 5_000 });
});

test("asks for versions once a minute at most, and says null of what does not answer", async () => {
  const api = await anApi();
  let asked = 0;
  api.store.versions = async () => {
    asked += 1;
    if (asked === 1) throw new Error("no answer");
    return { version: "3.8.0", schemaVersion: 4 };
  };
  api.bus.connected = false;
  const versionsAt = async (nowMs: number) => {
    api.clock.nowMs = nowMs;
    const [first, second] = await Promise.all([api.ask("/v1/status"), api.ask("/v1/status")]);
    return [first.body.versions, second.body.versions].map(({ opensearch, nats }) => [opensearch, nats]);
  };

  expect(await versionsAt(NOW)).toEqual([
    [null, null],
    [null, null],
  ]);
  expect(await versionsAt(NOW + 59_999)).toEqual([
    [null, null],
    [null, null],
  ]);
  expect((await versionsAt(NOW + 60_000))[0]).toEqual(["3.8.0", null]);
  expect(asked).toBe(2);
});

test("the tape is looked at once a second, and the answer says when", async () => {
  const api = await anApi();
  const statusAt = async (nowMs: number) => {
    api.clock.nowMs = nowMs;
    const { body } = await api.ask("/v1/status");
    return [Date.parse(body.now) - NOW, body.streams[0].lag_ms];
  };
  await api.store.trades.createTrades(tradesOf([{ tsSeconds: NOW / 1_000 - 5 }]));
  expect(await statusAt(NOW)).toEqual([0, 5_000]);

  await api.store.trades.createTrades(tradesOf([{ tsSeconds: NOW / 1_000 }]));

  expect(await statusAt(NOW + 999)).toEqual([0, 5_000]);
  expect(await statusAt(NOW + 1_000)).toEqual([1_000, 1_000]);
});

test("the moment that is told is never later than the question, also when the clock was set back", async () => {
  const api = await anApi();
  await api.ask("/v1/status");

  api.clock.nowMs = NOW - 3_600_000;
  const { body } = await api.ask("/v1/status");

  expect(Date.parse(body.now)).toBe(NOW - 3_600_000);
});

test("a look that fails is remembered by nobody, and fails for nobody else", async () => {
  const api = await anApi();
  api.store.failNext("markets.lastUpdatedMarket");

  const [first, second] = await Promise.all([api.ask("/v1/status"), api.ask("/v1/status")]);

  expect([first.status, second.status]).toEqual([503, 200]);
  expect((await api.ask("/v1/status")).status).toBe(200);
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

test("tells the newest book change, as its collector remembers it, and the newest market update that can be", async () => {
  const api = await anApi();
  const seen = (tsMs: number, observedAtMs: number) => ({ hash: "h", tsMs, observedAtMs });
  const tokens = { a: seen(NOW - 9_000, NOW - 2_000), b: seen(NOW - 60_000, NOW - 1_000) };
  await api.store.checkpoints.write("books", { tokens, unread: [] }, null);
  await api.store.markets.storeMarkets(
    [aMarket({ updatedAtMs: NOW - 5_000 }), aMarket({ marketId: OTHER, updatedAtMs: NOW + 3_600_000 })],
    NOW,
  );

  const { body } = await api.ask("/v1/status");

  expect(body.streams[1]).toMatchObject({
    newest_ts: "2026-11-22T11:59:51.000Z",
    newest_ingested_at: "2026-11-22T11:59:59.000Z",
    lag_ms: 9_000,
    ingest_lag_ms: null,
  });
  expect(body.streams[2]).toMatchObject({
    newest_ts: "2026-11-22T11:59:55.000Z",
    newest_ingested_at: "2026-11-22T12:00:00.000Z",
    lag_ms: 5_000,
    ingest_lag_ms: 5_000,
  });
});

test("a checkpoint of another shape is not known, and no trouble", async () => {
  const api = await anApi();
  await api.store.checkpoints.write("books", { tokens: 7 }, null);

  const { status, body } = await api.ask("/v1/status");

  expect(status).toBe(200);
  expect(body.streams.map((each: { lag_ms: unknown }) => each.lag_ms)).toEqual([null, null, null]);
});

test("tells how far the venue lagged when trades were last read again, and to where they are settled", async () => {
  const api = await anApi();
  expect((await api.ask("/v1/status")).body.upstream).toEqual({
    lag_ms: null,
    checked_at: null,
    settled_to: null,
  });
  const walk = (upstream_lag_s: number) => ({ walk_id: "w", upstream_lag_s });
  await recordCoverage(api.store, "2026-11-22T11:00:00Z", "2026-11-22T11:40:00Z", { evidence: walk(1) });
  api.clock.nowMs += 1_000;
  await recordCoverage(api.store, "2026-11-22T11:40:00Z", "2026-11-22T11:50:00Z", {
    state: "partial",
    cause: "upstream_lag",
    evidence: walk(90.5),
  });
  const ofOne = { marketId: `0x${"1".repeat(64)}`, evidence: walk(7) };
  await recordCoverage(api.store, "2026-11-22T11:55:00Z", "2026-11-22T11:56:00Z", ofOne);

  const { body } = await api.ask("/v1/status");

  expect(body.upstream).toEqual({
    lag_ms: 90_500,
    checked_at: "2026-11-22T12:00:01.000Z",
    settled_to: "2026-11-22T11:40:00.000Z",
  });
});

// A backfill of many markets writes thousands of entries into the same hours.
test("tells the same of the venue, however much the ledger says of single markets", async () => {
  const api = await anApi();
  for (let market = 0; market < 1_100; market += 1) {
    const marketId = `0x${String(market).padStart(64, "0")}`;
    await recordCoverage(api.store, "2026-11-22T10:00:00Z", "2026-11-22T10:01:00Z", { marketId });
  }
  const evidence = { walk_id: "w", upstream_lag_s: 2 };
  await recordCoverage(api.store, "2026-11-22T11:00:00Z", "2026-11-22T11:40:00Z", { evidence });

  const { body } = await api.ask("/v1/status");

  expect(body.upstream).toMatchObject({ lag_ms: 2_000, settled_to: "2026-11-22T11:40:00.000Z" });
});
