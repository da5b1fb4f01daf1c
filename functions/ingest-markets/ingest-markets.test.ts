import { hasCode, type Market, PolytapeError, type RejectedRecord, toRfc3339 } from "@polytape/market-model";
import { aMarket } from "@polytape/market-model/testing";
import { inMemoryStore } from "@polytape/market-store/in-memory";
import type { MarketPageQuery } from "@polytape/polymarket-source";
import { type InMemorySource, inMemorySource } from "@polytape/polymarket-source/in-memory";
import { expect, test } from "vitest";
import { ingestMarkets, type MarketsBudget } from "./ingest-markets.ts";

const NOW = 1_790_000_000_000;

/** An upstream with two markets a page. */
function aCatalogue(markets: readonly (Market | RejectedRecord)[]) {
  return inMemorySource({ markets, marketsPerPage: 2, now: () => NOW });
}

/** What was asked of one feed, as cursors. */
function cursorsAsked(source: InMemorySource, feed: Partial<MarketPageQuery>): (string | null)[] {
  return source.calls.flatMap(({ argument }) => {
    const query = argument as MarketPageQuery; // Only pages are read here.
    return query.order === feed.order && query.closed === feed.closed ? [query.cursor] : [];
  });
}

function market(id: number, changes: Partial<Market> = {}): Market {
  return aMarket({
    marketId: `0x${String(id).padStart(64, "0")}`,
    gammaId: String(id),
    slug: `market-${id}`,
    updatedAtMs: NOW - 1_000_000 - id * 1_000,
    ...changes,
  });
}

function openMarkets(count: number): Market[] {
  return Array.from({ length: count }, (_, index) => market(index + 1));
}

const ample: MarketsBudget = { recentPagesMax: 50, recentOverlapMs: 0, sweepPages: { open: 50, closed: 50 } };

function deps(source: InMemorySource, budget: MarketsBudget = ample, store = inMemoryStore()) {
  return { source, store, budget, now: () => NOW, signal: new AbortController().signal };
}

async function storedSlugs({ store }: { store: ReturnType<typeof inMemoryStore> }): Promise<string[]> {
  const { markets } = await store.markets.searchMarkets({ limit: 1000 });
  return markets.map(({ slug }) => slug).sort();
}

test("stores every market once, open and closed", async () => {
  const source = aCatalogue([
    ...openMarkets(5),
    market(6, { status: "resolved" }),
    market(7, { status: "closed" }),
  ]);
  const parts = deps(source);

  const report = await ingestMarkets(parts);

  expect(await storedSlugs(parts)).toHaveLength(7);
  expect(report).toMatchObject({
    created: 7,
    stored: 7,
    rejected: 0,
    open_rounds: 1,
    closed_rounds: 1,
    recent_behind_s: 0,
  });
});

test("a second run over the same catalogue changes nothing", async () => {
  const parts = deps(aCatalogue(openMarkets(5)));
  await ingestMarkets(parts);

  const report = await ingestMarkets(parts);

  expect(report).toMatchObject({ created: 0, updated: 0, changes: 0, open_rounds: 2 });
});

test("stores a change at the next run, however deep the market lies in the catalogue", async () => {
  const source = aCatalogue(openMarkets(9));
  const parts = deps(source, { ...ample, sweepPages: { open: 1, closed: 1 } });
  await ingestMarkets(parts);

  const resolved = market(9, { status: "resolved", updatedAtMs: NOW - 5 });
  source.serve({ markets: [...openMarkets(8), resolved] });
  const report = await ingestMarkets(parts);

  expect((await parts.store.markets.findMarket("market-9"))?.status).toBe("resolved");
  expect(report).toMatchObject({ recent_behind_s: 0 });
});

test("stops at the page budget and continues the sweep there next time", async () => {
  const source = aCatalogue(openMarkets(7));
  const parts = deps(source, { ...ample, sweepPages: { open: 2, closed: 1 } });

  const first = await ingestMarkets(parts);
  const second = await ingestMarkets(parts);

  expect(cursorsAsked(source, { order: "id", closed: false })).toEqual([null, "2", "4", "6"]);
  expect(first).toMatchObject({ open_position: 2, open_rounds: 0 });
  expect(second).toMatchObject({ open_position: 0, open_rounds: 1, created: 3 });
});

test("sweeps closed markets newest first, and says how far back it has come", async () => {
  const closed = [1, 2, 3, 4].map((n) => market(n, { status: "resolved", createdAtMs: NOW - 9_000 + n }));
  const source = aCatalogue(closed);
  const parts = deps(source, { ...ample, recentPagesMax: 0, sweepPages: { open: 0, closed: 1 } });

  const first = await ingestMarkets(parts);
  const storedFirst = await storedSlugs(parts);
  const second = await ingestMarkets(parts);

  expect(storedFirst).toEqual([closed[2], closed[3]].map((each) => each?.slug));
  expect(first).toMatchObject({ closed_back_to: toRfc3339(NOW - 9_000 + 3), closed_rounds: 0 });
  expect(second).toMatchObject({ closed_rounds: 1 });
  expect(await storedSlugs(parts)).toHaveLength(4);
});

test("more updates than the budget are remembered as left over and read by later runs", async () => {
  const source = aCatalogue(openMarkets(20));
  const parts = deps(source, { ...ample, recentPagesMax: 4, sweepPages: { open: 0, closed: 0 } });
  await ingestMarkets(parts);
  source.serve({ markets: openMarkets(20).map((known, index) => ({ ...known, updatedAtMs: NOW - index })) });

  const bounded = await ingestMarkets(parts);
  const reports = [];
  for (let run = 0; run < 6; run += 1) reports.push(await ingestMarkets(parts));

  expect(bounded["recent_behind_s"]).toBeGreaterThan(0);
  expect(reports.at(-1)).toMatchObject({ recent_behind_s: 0 });
  const { markets } = await parts.store.markets.searchMarkets({ limit: 1000 });
  expect(markets.map(({ updatedAtMs }) => updatedAtMs).every((at) => (at ?? 0) > NOW - 100)).toBe(true);
  expect(markets).toHaveLength(20);
});

test("keeps the position of the last stored page when storing the next one fails", async () => {
  const source = aCatalogue(openMarkets(7));
  const parts = deps(source, { ...ample, sweepPages: { open: 50, closed: 0 } });
  // Two pages of recent changes, then the third page of the sweep.
  source.failCall(2 + 3);

  const failed = await ingestMarkets(parts).catch((error: unknown) => error);
  const report = await ingestMarkets(parts);

  expect(hasCode(failed, "upstream_unavailable") && failed.facts).toMatchObject({
    created: 4,
    open_position: 2,
  });
  expect(report).toMatchObject({ created: 3, open_rounds: 1 });
});

// The markets are on disk before the position says so; the other way round a crash would skip a page.
test.each([{ afterEffect: false }, { afterEffect: true }])(
  "a crash around storing a page or its position loses no market (%o)",
  async (options) => {
    for (const call of ["markets.storeMarkets", "checkpoints.write"] as const) {
      const parts = deps(aCatalogue(openMarkets(5)));
      parts.store.failNext(call, options);

      const failed = await ingestMarkets(parts).catch((error: unknown) => error);
      await ingestMarkets(parts);

      expect(hasCode(failed, "store_unavailable")).toBe(true);
      expect(await storedSlugs(parts)).toHaveLength(5);
    }
  },
);

test("goes on sweeping while the upstream refuses to sort by update", async () => {
  const source = aCatalogue(openMarkets(5));
  const parts = deps(source);
  const refusal = new PolytapeError("operating", "upstream_refused", "order fields are not valid");
  source.failCall(1, refusal);

  const failed = await ingestMarkets(parts).catch((error: unknown) => error);

  expect(hasCode(failed, "upstream_refused") && failed.facts).toMatchObject({ created: 5, open_rounds: 1 });
});

test("a refused cursor starts that sweep anew and does not count as a round", async () => {
  const source = aCatalogue(openMarkets(5));
  const parts = deps(source, { ...ample, sweepPages: { open: 1, closed: 0 } });
  await ingestMarkets(parts);
  source.serve({ markets: openMarkets(5).filter(({ gammaId }) => gammaId !== "2") });

  const refused = await ingestMarkets(parts);
  await ingestMarkets(parts);

  expect(refused).toMatchObject({ cursors_refused: 1, open_rounds: 0, open_position: 0 });
  expect(cursorsAsked(source, { order: "id", closed: false })).toEqual([null, "2", null]);
});

test("counts a malformed market as rejected, keeps a sample and stores the others", async () => {
  const rejected: RejectedRecord = {
    kind: "market",
    reason: "conditionId: missing",
    raw: { id: "9" },
    receivedAtMs: NOW,
  };
  const parts = deps(aCatalogue([...openMarkets(3), rejected]));

  const report = await ingestMarkets(parts);

  expect(report).toMatchObject({ created: 3, rejected: 2 });
  expect(await parts.store.rejections.findSamples({ limit: 10 })).toHaveLength(1);
});

test("starts no page once the time is up", async () => {
  const source = aCatalogue(openMarkets(5));

  const report = await ingestMarkets({ ...deps(source), signal: AbortSignal.abort() });

  expect(report).toMatchObject({ pages: 0, out_of_time: true });
  expect(source.calls).toEqual([]);
});

test("time that runs out within a call keeps what was done and is no failure", async () => {
  const source = aCatalogue(openMarkets(7));
  const abort = new AbortController();
  const readMarketPage: typeof source.readMarketPage = async (query) => {
    if (query.cursor !== "4") return source.readMarketPage(query);
    abort.abort();
    throw new PolytapeError("operating", "call_aborted", "the call's time is up");
  };

  const report = await ingestMarkets({
    ...deps(source),
    source: { ...source, readMarketPage },
    signal: abort.signal,
  });

  expect(report).toMatchObject({ out_of_time: true, created: 4, open_position: 2 });
});

test("two runs at once lose nothing, and who was overtaken says so", async () => {
  const parts = deps(aCatalogue(openMarkets(5)));

  const reports = await Promise.all([ingestMarkets(parts), ingestMarkets(parts)]);

  expect(reports.some((report) => report["overlapped"] === true)).toBe(true);
  expect(await storedSlugs(parts)).toHaveLength(5);
});

// Offset paging behind a cursor's back has served the last page over and over.
test("a cursor that leads back to itself ends the walk instead of repeating it for ever", async () => {
  const source = aCatalogue(openMarkets(3));
  const stuck = {
    ...(await source.readMarketPage({ closed: false, order: "id", cursor: null })),
    nextCursor: "x",
  };
  const parts = { ...deps(source), source: { ...source, readMarketPage: async () => stuck } };

  const report = await ingestMarkets(parts);

  expect(report["cursors_refused"]).toBeGreaterThan(0);
  expect(report["pages"]).toBeLessThan(10);
});

test("refuses a checkpoint of an unknown shape instead of quietly starting anew", async () => {
  const parts = deps(aCatalogue(openMarkets(1)));
  await parts.store.checkpoints.write("markets:sweep", { somebody: "else" }, null);

  const failed = await ingestMarkets(parts).catch((error: unknown) => error);

  expect(hasCode(failed, "checkpoint_malformed")).toBe(true);
});
