import { type EpochMs, isTroubleOfPart } from "@polytape/market-model";
import { beginOf, type CoverageDay, type CoverageDays } from "../bookkeeping/coverage-days.ts";
import { coverageLedgerOn } from "../bookkeeping/coverage-ledger.ts";
import type { CoverageLedger } from "../coverage-ledger.ts";
import type { StoreVersion } from "../market-store.ts";

export function inMemoryCoverage(now: () => EpochMs): CoverageLedger {
  return coverageLedgerOn(inMemoryDays(), now);
}

function inMemoryDays(): CoverageDays {
  const days = new Map<string, { day: CoverageDay; version: StoreVersion }>();
  let seqNo = 0;

  function list(isWanted: (day: CoverageDay) => boolean, limit: number): CoverageDay[] {
    return [...days.values()]
      .map(({ day }) => day)
      .filter(isWanted)
      .sort((a, b) => a.dayMs - b.dayMs || beginOf(a) - beginOf(b))
      .slice(0, limit);
  }

  const found = (ids: readonly string[]) =>
    ids.flatMap((id) => {
      const known = days.get(id);
      return known ? [[id, known] as const] : [];
    });

  return {
    readDays: async (ids) => new Map(found(ids)),
    readVersions: async (ids) => new Map(found(ids).map(([id, { version }]) => [id, version])),
    async writeDays(writes) {
      return writes.flatMap(({ id, day, replaces }) => {
        if (days.get(id)?.version.seqNo !== replaces?.seqNo) return [id];
        seqNo += 1;
        days.set(id, { day: structuredClone(day), version: { seqNo, primaryTerm: 1 } });
        return [];
      });
    },
    listDays: async ({ stream, marketId, fromMs, toMs, limit }) =>
      list(
        (day) =>
          touches(day, fromMs, toMs) &&
          (stream ?? day.stream) === day.stream &&
          (marketId === undefined || [marketId, null].includes(day.marketId)) &&
          (marketId !== null || day.assetId === null),
        limit,
      ),
    findTroubledParts: async ({ scope, fromMs, toMs, limit }) =>
      list(
        (day) =>
          touches(day, fromMs, toMs) && day.statements.some((statement) => isTroubleOfPart(statement, scope)),
        limit,
      ),
  };
}

function touches({ statements }: CoverageDay, fromMs: EpochMs, toMs: EpochMs): boolean {
  return (statements[0]?.fromMs ?? toMs) < toMs && (statements.at(-1)?.toMs ?? fromMs) > fromMs;
}
