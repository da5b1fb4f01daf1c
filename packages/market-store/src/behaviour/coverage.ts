import { type CoverageInterval, DAY_MS, type EpochMs, HOUR_MS } from "@polytape/market-model";
import { describe, expect, it } from "vitest";
import type { CoverageMemory, RememberedDay } from "../coverage-ledger.ts";
import { codeOf, freshIds, type StoreUnderTest } from "./store-under-test.ts";

/** The start of a day, of a year with four digits, that no other test of the run speaks of: statements about all markets would mix. */
function freshDay(): EpochMs {
  return Math.floor(Math.random() * 2.9e6) * DAY_MS;
}

function ofMarket(marketId: string | null, fromMs: EpochMs, toMs: EpochMs): CoverageInterval {
  const evidence = { walk_id: "w1", pages: 2 };
  return {
    stream: "trades",
    marketId,
    assetId: null,
    fromMs,
    toMs,
    state: "complete",
    cause: null,
    evidence,
  };
}

export function describeCoverage(open: () => StoreUnderTest): void {
  describe("coverage", () => {
    it("knows at once what was said, without a refresh, and nothing beside it", async () => {
      const { store } = open();
      const { marketId } = freshIds();
      const day = freshDay();

      await store.coverage.recordIntervals([ofMarket(marketId, day + 10, day + 20)]);

      const read = (fromMs: EpochMs, toMs: EpochMs, of: string = marketId) =>
        store.coverage.readTimeline({ stream: "trades", marketId: of, fromMs, toMs });
      const nothing = { state: "unknown", cause: null };
      const complete = { state: "complete", cause: null };
      expect(await read(day, day + 30)).toEqual([
        { fromMs: day, toMs: day + 10, ...nothing },
        { fromMs: day + 10, toMs: day + 20, ...complete },
        { fromMs: day + 20, toMs: day + 30, ...nothing },
      ]);
      expect(await read(day + 10, day + 20)).toEqual([{ fromMs: day + 10, toMs: day + 20, ...complete }]);
      expect(await read(day + 9, day + 10)).toMatchObject([nothing]);
      expect(await read(day + 20, day + 21)).toMatchObject([nothing]);
      expect(await read(day + 10, day + 20, freshIds().marketId)).toMatchObject([nothing]);
      expect(await read(day + 10, day + 10)).toEqual([]);
    });

    it("lets the newest statement stand, over midnights too, and joins what says the same", async () => {
      const { store, clock, settle } = open();
      const { marketId } = freshIds();
      const day = freshDay();
      const range = { fromMs: day, toMs: day + 3 * DAY_MS };
      const gap = { state: "missing", cause: "collector_down", evidence: {} } as const;

      const whole = ofMarket(marketId, range.fromMs, range.toMs);
      await store.coverage.recordIntervals([whole]);
      await store.coverage.recordIntervals([
        { ...whole, fromMs: day + DAY_MS - 5, toMs: day + DAY_MS + 5, ...gap },
      ]);

      expect(await store.coverage.readTimeline({ stream: "trades", marketId, ...range })).toEqual([
        { fromMs: day, toMs: day + DAY_MS - 5, state: "complete", cause: null },
        { fromMs: day + DAY_MS - 5, toMs: day + DAY_MS + 5, state: "missing", cause: "collector_down" },
        { fromMs: day + DAY_MS + 5, toMs: range.toMs, state: "complete", cause: null },
      ]);
      await store.coverage.recordIntervals([whole]);
      await store.coverage.recordIntervals([whole]);
      await settle();
      const declared = { declaredFromMs: clock.nowMs, declaredAtMs: clock.nowMs };
      expect(await store.coverage.findIntervals({ marketId, ...range, limit: 10 })).toEqual([
        { ...whole, ...declared, evidence: { ...whole.evidence, polytape: expect.stringMatching(/^\d+\./) } },
      ]);
    });

    it("adds facts to a day's evidence, and changes neither states nor when they were declared", async () => {
      const { store, clock, settle } = open();
      const { marketId } = freshIds();
      const day = freshDay();
      const range = { fromMs: day, toMs: day + 2 * DAY_MS };
      const gap = { state: "missing", cause: "throttled" } as const;
      await store.coverage.recordIntervals([
        ofMarket(marketId, day, day + HOUR_MS),
        { ...ofMarket(marketId, day + HOUR_MS, day + 2 * DAY_MS), ...gap },
      ]);
      await settle();
      const before = await store.coverage.findIntervals({ marketId, ...range, limit: 10 });
      clock.nowMs += 3 * HOUR_MS;

      const scope = { stream: "trades", marketId } as const;
      await store.coverage.addEvidence(scope, day, { anomaly: "day_count" });
      await store.coverage.addEvidence(scope, day + 9 * DAY_MS, {
        anomaly: "of a day that nobody speaks of",
      });
      await settle();

      const after = await store.coverage.findIntervals({ marketId, ...range, limit: 10 });
      const without = ({ evidence, ...rest }: (typeof after)[number]) => rest;
      expect(after.map(without).filter(({ fromMs }) => fromMs < day + HOUR_MS)).toEqual(
        before.map(without).filter(({ fromMs }) => fromMs < day + HOUR_MS),
      );
      expect(after[0]?.evidence).toMatchObject({ ...before[0]?.evidence, anomaly: "day_count" });
      expect(await store.coverage.readTimeline({ ...scope, ...range })).toEqual([
        { fromMs: day, toMs: day + HOUR_MS, state: "complete", cause: null },
        { fromMs: day + HOUR_MS, toMs: day + 2 * DAY_MS, ...gap },
      ]);
    });

    it("weighs all markets, the market and the token against each other", async () => {
      const { store, clock, settle } = open();
      const { marketId, assetId } = freshIds();
      const day = freshDay();
      const range = { fromMs: day, toMs: day + HOUR_MS };
      const states = async (scope: { marketId?: string; assetId?: string }) =>
        (await store.coverage.readTimeline({ stream: "trades", ...scope, ...range })).map(
          ({ state }) => state,
        );
      const startMs = clock.nowMs;

      await store.coverage.recordIntervals([ofMarket(null, range.fromMs, range.toMs)]);
      clock.nowMs += 1_000;
      const gap = { ...ofMarket(marketId, range.fromMs, range.toMs), state: "missing" } as const;
      await store.coverage.recordIntervals([{ ...gap, cause: "upstream_cap" }]);
      await settle();

      expect(await states({ marketId })).toEqual(["missing"]);
      expect(await states({ marketId, assetId })).toEqual(["missing"]);
      expect(await states({ marketId: freshIds().marketId })).toEqual(["complete"]);
      expect(await states({})).toEqual(["partial"]);
      clock.nowMs += 1_000;
      await store.coverage.recordIntervals([ofMarket(null, range.fromMs, range.toMs)]);
      expect(await states({ marketId })).toEqual(["complete"]);
      expect(await states({})).toEqual(["complete"]);
      clock.nowMs = startMs;
    });

    it("lists what touches a range, oldest first, and counts all markets to each market", async () => {
      const { store, settle } = open();
      const { marketId } = freshIds();
      const day = freshDay();
      const own = { ...ofMarket(marketId, day, day + 1_000), stream: "books", assetId: "1001" } as const;
      const ofAll = { ...own, marketId: null, assetId: null, fromMs: day + 500 };
      const ofOther = { ...own, marketId: freshIds().marketId };
      await store.coverage.recordIntervals([own, ofAll, ofOther]);
      await settle();

      const find = (fromMs: number, toMs: number, limit = 10) =>
        store.coverage.findIntervals({ stream: "books", marketId, fromMs, toMs, limit });

      expect(await find(day, day + 1_000)).toMatchObject([own, ofAll]);
      expect(await find(day, day + 1_000, 1)).toMatchObject([own]);
      expect(await find(day, day + 500)).toMatchObject([own]);
      expect(await find(day + 1_000, day + 2_000)).toEqual([]);
    });

    it("lists only what is about all markets at once when asked for that", async () => {
      const { store, settle } = open();
      const { marketId, assetId } = freshIds();
      const day = freshDay();
      const ofAll = ofMarket(null, day, day + 1_000);
      const ofToken = { ...ofAll, stream: "books", assetId } as const;
      await store.coverage.recordIntervals([ofMarket(marketId, day, day + 1_000), ofToken, ofAll]);
      await settle();

      const range = { fromMs: day, toMs: day + 1_000, limit: 1 };

      expect(await store.coverage.findIntervals({ marketId: null, ...range })).toMatchObject([ofAll]);
    });

    it("lists what is too much in pages that say where to go on, or that time leads no further", async () => {
      const { store, settle } = open();
      const { marketId } = freshIds();
      const day = freshDay();
      const query = { stream: "books" as const, marketId, fromMs: day, toMs: day + 3 * DAY_MS };
      const of = (assetId: string, fromMs: EpochMs, toMs: EpochMs) => ({
        ...ofMarket(marketId, day + fromMs, day + toMs),
        ...{ stream: "books" as const, assetId },
      });
      const [long, short] = [of("1", 5, 2 * DAY_MS + 5), of("2", 10, 20)];
      const [next, last] = [of("2", DAY_MS + 10, DAY_MS + 20), of("2", DAY_MS + 30, DAY_MS + 40)];
      await store.coverage.recordIntervals([long, short, next, last]);
      await settle();

      const whole = await store.coverage.listIntervals({ ...query, limit: 5 });
      const first = await store.coverage.listIntervals({ ...query, limit: 2 });
      const second = await store.coverage.listIntervals({
        ...query,
        fromMs: first.nextFromMs ?? 0,
        limit: 3,
      });
      const stuck = await store.coverage.listIntervals({ ...query, fromMs: day + DAY_MS + 10, limit: 1 });

      expect(whole).toEqual({
        intervals: await store.coverage.findIntervals({ ...query, limit: 9 }),
        isCut: false,
        nextFromMs: null,
      });
      expect(first).toMatchObject({
        intervals: [{ ...long, toMs: day + 2 * DAY_MS }, short],
        isCut: true,
        nextFromMs: day + DAY_MS,
      });
      expect(second).toMatchObject({
        intervals: [{ assetId: "1", fromMs: day + DAY_MS, toMs: long.toMs }, next, last],
        isCut: false,
      });
      expect(stuck).toMatchObject({ intervals: [{ assetId: "1" }], isCut: true, nextFromMs: null });
    });

    it("reads of remembered days only what has changed since", async () => {
      const { store } = open();
      const { marketId } = freshIds();
      const day = freshDay();
      const range = { fromMs: day, toMs: day + 3 * DAY_MS };
      await store.coverage.recordIntervals([ofMarket(null, day, day + 2 * DAY_MS)]);
      const days = new Map<string, RememberedDay>();
      const memory: CoverageMemory = {
        get(dayId) {
          const known = days.get(dayId);
          return known && { day: known, isFresh: false };
        },
        set: (dayId, known) => void days.set(dayId, known),
      };
      const states = async () =>
        (await store.coverage.readTimeline({ stream: "trades", marketId, ...range }, memory)).map(
          ({ state }) => state,
        );

      expect(await states()).toEqual(["complete", "unknown"]);
      expect(days.size).toBe(3);
      // What is remembered under a version that stands is taken as it is; the first day alone is read anew.
      for (const [id, { version }] of days) days.set(id, { statements: [], version });
      const gap = { state: "missing", cause: "collector_down" } as const;
      await store.coverage.recordIntervals([{ ...ofMarket(null, day, day + DAY_MS), ...gap }]);

      expect(await states()).toEqual(["missing", "unknown"]);
      await store.coverage.recordIntervals([ofMarket(null, day + 2 * DAY_MS, day + 3 * DAY_MS)]);
      expect(await states()).toEqual(["missing", "unknown", "complete"]);
    });

    it("loses no statement of writers that speak of the same day at once", async () => {
      const { store } = open();
      const { marketId } = freshIds();
      const day = freshDay();
      const minutes = Array.from({ length: 40 }, (_, place) => day + place * 60_000);
      const say = (fromMs: EpochMs) =>
        store.coverage.recordIntervals([ofMarket(marketId, fromMs, fromMs + 60_000)]);
      const writer = async (own: readonly EpochMs[]) => {
        for (const fromMs of own) await say(fromMs);
      };

      await Promise.all([0, 1, 2].map((turn) => writer(minutes.filter((_, place) => place % 3 === turn))));

      const range = { fromMs: day, toMs: day + 40 * 60_000 };
      expect(await store.coverage.readTimeline({ stream: "trades", marketId, ...range })).toEqual([
        { ...range, state: "complete", cause: null },
      ]);
    });

    it("refuses statements and questions of more than 400 days, and evidence without a bound", async () => {
      const { coverage } = open().store;
      const tooLong = ofMarket(null, 0, 400 * DAY_MS + 1);

      expect(await codeOf(coverage.recordIntervals([tooLong]))).toBe("coverage_range");
      expect(await codeOf(coverage.readTimeline({ stream: "trades", fromMs: 0, toMs: tooLong.toMs }))).toBe(
        "coverage_range",
      );
      const wordy = { ...ofMarket(null, 0, 1), evidence: { text: "x".repeat(4_000) } };
      expect(await codeOf(coverage.recordIntervals([wordy]))).toBe("coverage_evidence");
    });
  });
}
