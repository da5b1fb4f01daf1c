import { setTimeout as delay } from "node:timers/promises";
import {
  type CoverageInterval,
  type CoverageScope,
  type CoverageStretch,
  coverageTimeline,
  type DeclaredCoverage,
  type EpochMs,
  joinTimelines,
} from "@polytape/market-model";
import { version } from "../../package.json";
import type { CoverageLedger, CoverageMemory } from "../coverage-ledger.ts";
import { storeConflict } from "../store-errors.ts";
import {
  type CoverageDay,
  type CoverageDays,
  coverageDayId,
  cutByDay,
  daysOf,
  paintDay,
  statementsOf,
} from "./coverage-days.ts";
import { pageOfStatements } from "./coverage-page.ts";

/** Tries of a day that others write too: each round at least one of them succeeds. */
const TRIES_MAX = 12;
const FIRST_DELAY_MS = 5;
const DELAY_MAX_MS = 200;
/** Days of narrower scopes that are looked at for a question about a whole. */
const TROUBLED_DAYS_MAX = 1_000;

/** The rules of the ledger, on whatever keeps the days. */
export function coverageLedgerOn(days: CoverageDays, now: () => EpochMs): CoverageLedger {
  return {
    async recordIntervals(intervals) {
      let waiting = piecesByDay(intervals);
      await untilWritten([...waiting.keys()], async () => {
        const lost = await paintOnce(days, [...waiting.values()], now());
        waiting = new Map([...waiting].filter(([id]) => lost.includes(id)));
        return lost;
      });
    },
    async addEvidence({ stream, marketId = null, assetId = null }, dayMs, facts) {
      const id = coverageDayId({ stream, marketId, assetId }, dayMs);
      await untilWritten([id], () => addOnce(days, id, facts));
    },
    async readTimeline({ fromMs, toMs, ...scope }, memory) {
      const range = { fromMs, toMs };
      const ids = scopesOf(scope).flatMap((each) => daysOf(range).map((dayMs) => coverageDayId(each, dayMs)));
      if (ids.length === 0) return [];
      const [known, troubled] = await Promise.all([
        readStatements(days, ids, memory),
        hasParts(scope) ? days.findTroubledParts({ ...range, scope, limit: TROUBLED_DAYS_MAX }) : [],
      ]);
      return timelineOf(known, troubled, scope, range);
    },
    async findIntervals({ limit, ...query }) {
      return statementsOf(await days.listDays({ ...query, limit }), query).slice(0, limit);
    },
    async listIntervals(query) {
      return pageOfStatements(await days.listDays({ ...query, limit: query.limit + 1 }), query);
    },
  };
}

/** What is said of the days: those that are remembered as they were, the others read, and remembered. */
async function readStatements(
  days: CoverageDays,
  ids: readonly string[],
  memory: CoverageMemory | undefined,
): Promise<DeclaredCoverage[]> {
  const remembered = ids.map((id) => memory?.get(id));
  const unknown = ids.filter((_, place) => remembered[place] === undefined);
  const found = unknown.length > 0 ? await days.readDays(unknown) : new Map();
  const read = unknown.flatMap((id) => {
    const statements: readonly DeclaredCoverage[] = found.get(id)?.day.statements ?? [];
    memory?.set(id, statements);
    return statements;
  });
  return [...remembered.flatMap((statements) => statements ?? []), ...read];
}

/** Tries until nothing is lost against other writers; each try returns the days that it lost. */
async function untilWritten(ids: readonly string[], write: () => Promise<readonly string[]>): Promise<void> {
  let waiting = ids;
  for (let tried = 1; waiting.length > 0; tried += 1) {
    if (tried > TRIES_MAX) throw storeConflict(`the coverage of ${waiting[0]}`);
    if (tried > 1) await delay(Math.min(FIRST_DELAY_MS * 2 ** (tried - 2), DELAY_MAX_MS));
    waiting = await write();
  }
}

async function addOnce(
  days: CoverageDays,
  id: string,
  facts: Readonly<Record<string, unknown>>,
): Promise<string[]> {
  const found = (await days.readDays([id])).get(id);
  if (!found) return [];
  const statements = found.day.statements.map((each) => ({
    ...each,
    evidence: { ...each.evidence, ...facts },
  }));
  return days.writeDays([{ id, day: { ...found.day, statements }, replaces: found.version }]);
}

interface DayPieces extends Omit<CoverageDay, "statements"> {
  readonly id: string;
  readonly pieces: CoverageInterval[];
}

/** Which software said so: what it got wrong can be found and read again. */
function signed(statement: CoverageInterval): CoverageInterval {
  return { ...statement, evidence: { ...statement.evidence, polytape: version } };
}

function piecesByDay(intervals: readonly CoverageInterval[]): Map<string, DayPieces> {
  const byDay = new Map<string, DayPieces>();
  for (const { dayMs, piece } of intervals.map(signed).flatMap(cutByDay)) {
    const { stream, marketId, assetId } = piece;
    const id = coverageDayId(piece, dayMs);
    const day = byDay.get(id) ?? { id, stream, marketId, assetId, dayMs, pieces: [] };
    day.pieces.push(piece);
    byDay.set(id, day);
  }
  return byDay;
}

async function paintOnce(
  days: CoverageDays,
  waiting: readonly DayPieces[],
  declaredAtMs: EpochMs,
): Promise<string[]> {
  const known = await days.readDays(waiting.map(({ id }) => id));
  return days.writeDays(
    waiting.map(({ id, pieces, ...scope }) => {
      const found = known.get(id);
      const statements = paintDay(found?.day.statements ?? [], pieces, declaredAtMs);
      return { id, day: { ...scope, statements }, replaces: found?.version ?? null };
    }),
  );
}

/** What speaks of the scope: itself and all that is wider. */
function scopesOf({ stream, marketId, assetId }: CoverageScope) {
  const markets = marketId === undefined ? [null] : [null, marketId];
  const assets = assetId === undefined ? [null] : [null, assetId];
  return markets.flatMap((market) => assets.map((asset) => ({ stream, marketId: market, assetId: asset })));
}

function hasParts({ marketId, assetId }: CoverageScope): boolean {
  return marketId === undefined || assetId === undefined;
}

/** Beyond the last day of parts that was read nothing is known: its trouble may lie there. */
function timelineOf(
  known: readonly DeclaredCoverage[],
  troubled: readonly CoverageDay[],
  scope: CoverageScope,
  { fromMs, toMs }: { fromMs: EpochMs; toMs: EpochMs },
): CoverageStretch[] {
  const last = troubled.length < TROUBLED_DAYS_MAX ? undefined : troubled.at(-1);
  const readToMs = last ? Math.min(Math.max(last.dayMs, fromMs), toMs) : toMs;
  const statements = [...known, ...troubled.flatMap((day) => day.statements)];
  const unread: CoverageStretch = { fromMs: readToMs, toMs, state: "unknown", cause: null };
  return joinTimelines([
    coverageTimeline(statements, scope, fromMs, readToMs),
    readToMs < toMs ? [unread] : [],
  ]);
}
