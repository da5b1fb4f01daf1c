import { type CoverageScope, type CoverageStretch, DAY_MS } from "@polytape/market-model";
import type { CoverageLedger } from "@polytape/market-store";
import { inMemoryStore } from "@polytape/market-store/in-memory";
import { expect, test } from "vitest";
import { createCompletenessReaders } from "./completeness-reader.ts";

const NOW = Date.parse("2026-11-22T12:00:00Z");
const TODAY = Date.parse("2026-11-22T00:00:00Z");
const ALL = { stream: "trades" as const };
const A_DAY = { fromMs: TODAY - DAY_MS, toMs: TODAY };

/** A ledger that calls everything complete, and notes what it was asked. */
function aReader() {
  const clock = { nowMs: NOW };
  const asked: [number, number][] = [];
  const readTimeline = async (
    query: CoverageScope & { fromMs: number; toMs: number },
  ): Promise<CoverageStretch[]> => {
    const { fromMs, toMs } = query;
    asked.push([fromMs, toMs]);
    return [{ fromMs, toMs, state: "complete", cause: null }];
  };
  return { clock, asked, reader: createCompletenessReaders(() => clock.nowMs)({ readTimeline }) };
}

test("reads whole days once, and again after a second and a half", async () => {
  const { clock, asked, reader } = aReader();

  await reader.timeline(ALL, NOW - 1_000, NOW);
  clock.nowMs += 1_499;
  const timeline = await reader.timeline(ALL, NOW - 5_000, NOW);

  expect(timeline).toEqual([{ fromMs: NOW - 5_000, toMs: NOW, state: "complete", cause: null }]);
  expect(asked).toEqual([[TODAY, TODAY + DAY_MS]]);
  clock.nowMs += 1;
  await reader.timeline(ALL, NOW - 1_000, NOW);
  expect(asked).toHaveLength(2);
});

test("asks for no day of the future and no more days than the ledger reads at once: of those nothing is known", async () => {
  const { asked, reader } = aReader();

  const timeline = await reader.timeline(ALL, 0, TODAY + 30 * DAY_MS);

  const readFrom = TODAY + DAY_MS - 400 * DAY_MS;
  expect(asked).toEqual([[readFrom, TODAY + DAY_MS]]);
  expect(timeline.map(({ fromMs, state }) => [fromMs, state])).toEqual([
    [0, "unknown"],
    [readFrom, "complete"],
    [TODAY + DAY_MS, "unknown"],
  ]);
  expect(await reader.timeline(ALL, TODAY + 2 * DAY_MS, TODAY + 3 * DAY_MS)).toMatchObject([
    { state: "unknown" },
  ]);
  expect(asked).toHaveLength(1);
});

test("what is said of all markets is read once for all of them, and no answer is older than a second and a half", async () => {
  const store = inMemoryStore({ now: () => NOW - DAY_MS });
  await store.coverage.recordIntervals([
    { ...ALL, marketId: null, assetId: null, ...A_DAY, state: "complete", cause: null, evidence: {} },
  ]);
  const clock = { nowMs: NOW };
  const known: string[] = [];
  const readTimeline: CoverageLedger["readTimeline"] = (query, memory) =>
    store.coverage.readTimeline(query, {
      get(dayId) {
        const remembered = memory?.get(dayId);
        if (remembered?.isFresh) known.push(dayId);
        return remembered;
      },
      set: (dayId, day) => memory?.set(dayId, day),
    });
  const reader = createCompletenessReaders(() => clock.nowMs)({ readTimeline });
  const ask = async (marketId: string) =>
    (await reader.timeline({ ...ALL, marketId }, A_DAY.fromMs, A_DAY.toMs)).map(({ state }) => state);

  expect(await ask("0xa")).toEqual(["complete"]);
  clock.nowMs += 1_000;
  expect(await ask("0xb")).toEqual(["complete"]);
  expect(known).toHaveLength(1);

  const missing = { state: "missing", cause: "upstream_cap" } as const;
  await store.coverage.recordIntervals([
    { ...ALL, marketId: null, assetId: null, ...A_DAY, ...missing, evidence: {} },
  ]);
  clock.nowMs += 500;

  expect(await ask("0xb")).toEqual(["missing"]);
});
