import type { BusState, ConsumerState, StreamState } from "@polytape/event-bus";
import { DAY_MS, HOUR_MS } from "@polytape/market-model";
import type { StoreState } from "@polytape/market-store";
import { describe, expect, test } from "vitest";
import type { Verdict } from "./finding.ts";
import { judgeConsumers, judgeLetters, judgeSchedules, judgeStreams, judgeUsage } from "./judge-bus.ts";
import { judgeClock, judgeCoverage, judgeLag, judgeSelfCheck } from "./judge-freshness.ts";
import { judgeFunctions } from "./judge-functions.ts";
import { judgeBlocks, judgeDisk, judgeHealth, judgeSchema } from "./judge-store.ts";

const NOW = Date.parse("2026-11-22T12:00:00Z");

const PLANNED = [
  {
    name: "ingest-trades",
    image: "polytape/ingest-trades:1",
    annotations: { topic: "tick.ingest-trades", schedule: "3000ms" },
  },
  { name: "query-api", image: "polytape/query-api:1", annotations: {} },
];
const DEPLOYED = PLANNED.map((each) => ({ ...each, availableReplicas: 1 }));

describe("functions", () => {
  test.each<
    [string, Parameters<typeof judgeFunctions>[1], Verdict, RegExp, Parameters<typeof judgeFunctions>[2]?]
  >([
    ["all as planned", DEPLOYED, "ok", /all 2/],
    ["one missing", DEPLOYED.slice(1), "failed", /not deployed: ingest-trades/],
    [
      "one down",
      DEPLOYED.map((each) => ({ ...each, availableReplicas: each.name === "query-api" ? 0 : 1 })),
      "failed",
      /not running: query-api/,
    ],
    ["another image", DEPLOYED.map((each) => ({ ...each, image: "x" })), "warning", /ingest-trades image/],
    [
      "another annotation",
      DEPLOYED.map((each) => ({ ...each, annotations: { topic: "tick.ingest-trades" } })),
      "warning",
      /ingest-trades schedule/,
    ],
    [
      "more annotations, by the platform",
      DEPLOYED.map((each) => ({ ...each, annotations: { ...each.annotations, more: "1" } })),
      "ok",
      /all 2/,
    ],
    [
      "images, where nobody said how they are named",
      DEPLOYED.map((each) => ({ ...each, image: "x" })),
      "ok",
      /images not compared: IMAGE_PREFIX and IMAGE_TAG are not set here/,
      { imagesAreNamed: false },
    ],
    ["one more function", [...DEPLOYED, { name: "own", image: "x" }], "ok", /all 2/],
  ])("%s", (_, deployed, verdict, said, options) => {
    const finding = judgeFunctions(PLANNED, deployed, options);

    expect(finding).toMatchObject({ verdict, said: expect.stringMatching(said) });
    expect(finding.cure === undefined).toBe(verdict === "ok");
  });

  test("without a stack.yml nothing is called right", () => {
    expect(judgeFunctions(null, DEPLOYED).verdict).toBe("warning");
    expect(judgeFunctions(null, [{ name: "a", image: "", availableReplicas: 0 }]).verdict).toBe("failed");
  });
});

function aStore(more: Partial<StoreState> = {}): StoreState {
  const node = { name: "n1", totalBytes: 100e9, freeBytes: 50e9, past: null };
  return {
    version: "3.8.0",
    schemaVersion: 4,
    schemaNeeded: 4,
    nodes: [node],
    makesIndices: true,
    blocked: [],
    ...more,
  };
}

describe("store", () => {
  test.each(["green", "yellow", "red"])("%s", (status) => {
    const { verdict } = judgeHealth({ status, tookMs: 3 }, aStore());

    expect(verdict).toBe({ green: "ok", yellow: "warning", red: "failed" }[status]);
  });

  test.each([
    [4, "ok"],
    [3, "failed"],
    [5, "failed"],
  ])("schema version %i where 4 is needed: %s", (schemaVersion, verdict) => {
    expect(judgeSchema(aStore({ schemaVersion })).verdict).toBe(verdict);
  });

  test.each([
    [null, "ok"],
    ["low", "warning"],
    ["high", "failed"],
    ["flood_stage", "failed"],
  ] as const)("disk past %s: %s", (past, verdict) => {
    const node = { name: "n1", totalBytes: 2 ** 40, freeBytes: 2 ** 30, past };

    const finding = judgeDisk(aStore({ nodes: [node] }));

    expect(finding).toMatchObject({
      verdict,
      said: expect.stringContaining("n1 1.0 GiB free of 1024.0 GiB"),
    });
  });

  test("an index that takes nothing is named with its block", () => {
    const blocked = [{ index: "trades_v1-2026.11.22", blocks: ["index.blocks.write"] }];

    expect(judgeBlocks(aStore()).verdict).toBe("ok");
    expect(judgeBlocks(aStore({ makesIndices: false })).verdict).toBe("failed");
    expect(judgeBlocks(aStore({ blocked }))).toMatchObject({
      verdict: "failed",
      said: "trades_v1-2026.11.22 (index.blocks.write)",
    });
  });
});

function aStream(more: Partial<StreamState> = {}): StreamState {
  const [bytesMax, whenFull] = [1_000, "refuse new" as const];
  return { name: "TRADES_STORED", messages: 1, bytes: 10, bytesMax, whenFull, consumers: [], ...more };
}
function aConsumer(more: Partial<ConsumerState> = {}): ConsumerState {
  const [name, subject] = ["ingest-trades", "tick.ingest-trades"];
  return { name, subject, pending: 0, unanswered: 0, isAskedFor: true, ...more };
}
const aBus = (...streams: StreamState[]): BusState => ({ streams, schedules: [] });

describe("bus", () => {
  test("a stream of the plan that is missing fails", () => {
    const plan = [{ name: "TRADES_STORED" }, { name: "JOBS" }];

    expect(judgeStreams(plan, aBus(aStream(), aStream({ name: "JOBS" }))).verdict).toBe("ok");
    expect(judgeStreams(plan, aBus(aStream()))).toMatchObject({ verdict: "failed", said: "missing: JOBS" });
  });

  test.each([
    [700, "ok", "fullest is TRADES_STORED 70 %"],
    [701, "warning", "TRADES_STORED 70 %"],
    [951, "failed", "TRADES_STORED 95 %"],
  ])("%i bytes of 1000 are %s", (bytes, verdict, said) => {
    expect(judgeUsage(aBus(aStream({ name: "JOBS" }), aStream({ bytes })))).toMatchObject({ verdict, said });
  });

  test("a stream that drops its oldest is meant to be full", () => {
    expect(judgeUsage(aBus(aStream({ bytes: 1_000, whenFull: "drop oldest" }))).verdict).toBe("ok");
  });

  test.each([
    [[{ target: "tick.ingest-trades", specification: "@every 3000ms" }], "ok"],
    [[{ target: "tick.ingest-trades", specification: "@every 9000ms" }], "warning"],
    [[{ target: "tick.other", specification: "@every 3000ms" }], "failed"],
    [[], "failed"],
  ])("schedules %j: %s", (schedules, verdict) => {
    expect(judgeSchedules(PLANNED, { streams: [], schedules }).verdict).toBe(verdict);
  });

  test.each([
    ["somebody waits", [aConsumer()], "ok"],
    ["one is at work", [aConsumer(), aConsumer({ isAskedFor: false, unanswered: 1 })], "ok"],
    ["nobody waits", [aConsumer({ isAskedFor: false })], "failed"],
    // A trigger that died leaves what it had taken.
    ["nobody waits, with answers due", [aConsumer({ isAskedFor: false, unanswered: 1 })], "failed"],
    ["a topic has no consumer", [aConsumer({ subject: "tick.other" })], "failed"],
    ["one is behind", [aConsumer({ pending: 201 })], "warning"],
  ])("consumers: %s", (_, consumers, verdict) => {
    expect(judgeConsumers(PLANNED, aBus(aStream({ consumers }))).verdict).toBe(verdict);
  });

  test("without a stack.yml schedules and consumers are not called right", () => {
    const schedules = [{ target: "tick.ingest-trades", specification: "@every 3000ms" }];
    const { streams } = aBus(aStream({ consumers: [aConsumer()] }));

    for (const finding of [
      judgeSchedules(null, { streams, schedules }),
      judgeConsumers(null, { streams, schedules }),
    ])
      expect(finding).toMatchObject({
        verdict: "warning",
        said: expect.stringContaining("not compared with a stack.yml"),
        cure: expect.stringContaining("--stack FILE"),
      });
  });

  test("dead letters are a warning that names their functions", () => {
    expect(judgeLetters([], 10).verdict).toBe("ok");
    const letters = [{ functionName: "a" }, { functionName: "b" }, { functionName: "a" }];
    expect(judgeLetters(letters, 10)).toMatchObject({ verdict: "warning", said: "3 of a, b" });
    expect(judgeLetters(letters, 3).said).toBe("3 or more of a, b");
  });
});

describe("freshness", () => {
  test.each([
    [5_000, "ok"],
    [-5_000, "ok"],
    [6 * 60_000, "warning"],
    [2 * HOUR_MS, "failed"],
  ])("a newest trade %i ms old is %s", (ageMs, verdict) => {
    expect(judgeLag(NOW - ageMs, NOW).verdict).toBe(verdict);
    expect(judgeLag(null, NOW).verdict).toBe("warning");
  });

  test("what the upstream does not serve is not asked for again, all else is", () => {
    const gap = (cause: "upstream_cap" | "collector_down", fromMs: number) =>
      ({ fromMs, toMs: fromMs + 1_000, state: "missing", cause }) as const;

    expect(judgeCoverage([gap("upstream_cap", 0)]).cure).toContain("nothing: the upstream does not serve");
    expect(judgeCoverage([gap("upstream_cap", 0), gap("collector_down", 1_000)]).cure).toContain(
      "polytape backfill start",
    );
  });

  test("the longest gap of the last day is named, and 100 % is all", () => {
    const stretch = (fromMs: number, toMs: number, state: "complete" | "missing") =>
      ({ fromMs, toMs, state, cause: state === "missing" ? "collector_down" : null }) as const;
    const from = NOW - DAY_MS;
    expect(judgeCoverage([stretch(from, NOW, "complete")]).verdict).toBe("ok");

    const finding = judgeCoverage([
      stretch(from, from + 1_000, "missing"),
      stretch(from + 1_000, NOW - 1_000, "complete"),
      stretch(NOW - 20_000, NOW, "missing"),
    ]);

    expect(finding).toMatchObject({
      verdict: "warning",
      said: "99.9 % of the last day is complete; longest gap 20 s from 2026-11-22T11:59:40.000Z (missing, collector_down)",
    });
  });

  test.each([
    [{}, "ok"],
    [{ missingRows: 1 }, "warning"],
    [{ anomalies: 2 }, "warning"],
  ])("a self-check that found %j is %s", (found, verdict) => {
    const totals = { checkedMarkets: 20, missingRows: 0, extraRows: 0, anomalies: 0, ...found };
    const last = { dayMs: NOW - DAY_MS, endedAtMs: NOW - HOUR_MS, left: [], totals };

    expect(judgeSelfCheck(last, NOW).verdict).toBe(verdict);
    expect(judgeSelfCheck({ ...last, endedAtMs: NOW - 4 * DAY_MS }, NOW).verdict).toBe("warning");
    expect(judgeSelfCheck(null, NOW).verdict).toBe("warning");
  });

  test.each([
    [0, "ok"],
    [1_400, "ok"],
    [-5_000, "warning"],
    [5_000, "warning"],
    [61_000, "failed"],
  ])("a clock %i ms ahead is %s", (aheadMs, verdict) => {
    const date = "Sun, 22 Nov 2026 12:00:00 GMT";
    const oursMs = NOW + 500 + aheadMs;

    expect(judgeClock(date, { askedMs: oursMs - 100, answeredMs: oursMs + 100 }).verdict).toBe(verdict);
  });

  test("an upstream that tells no time says nothing about the clock", () => {
    expect(judgeClock(null, { askedMs: NOW, answeredMs: NOW }).verdict).toBe("warning");
  });
});
