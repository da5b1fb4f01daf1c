import { setTimeout as delay } from "node:timers/promises";
import {
  type CoverageInterval,
  type CoverageScope,
  type CoverageStretch,
  coverageTimeline,
  cutTimeline,
  DAY_MS,
  type DeclaredCoverage,
  type EpochMs,
  joinTimelines,
} from "@polytape/market-model";
import { version } from "../../package.json";
import type { CoverageLedger, CoverageMemory, RememberedDay } from "../coverage-ledger.ts";
import type { StoreVersion } from "../market-store.ts";
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
      const dayList = daysOf(range);
      if (dayList.length === 0) return [];
      const narrower = narrowerScopes(scope).flatMap((each) =>
        dayList.map((dayMs) => coverageDayId(each, dayMs)),
      );
      const [wide, narrow, troubled] = await Promise.all([
        readWide(days, scope.stream, dayList, memory),
        narrower.length > 0 ? days.readDays(narrower) : NO_DAYS,
        hasParts(scope) ? days.findTroubledParts({ ...range, scope, limit: TROUBLED_DAYS_MAX }) : [],
      ]);
      return timelineOf({ wide, narrow: [...narrow.values()].map(({ day }) => day), troubled }, scope, range);
    },
    async findIntervals({ limit, ...query }) {
      return statementsOf(await days.listDays({ ...query, limit }), query).slice(0, limit);
    },
    async listIntervals(query) {
      return pageOfStatements(await days.listDays({ ...query, limit: query.limit + 1 }), query);
    },
  };
}

/** One day's statements of one scope; none when nothing is said. */
type SaidOfDay = Pick<CoverageDay, "dayMs" | "statements">;

const NO_DAYS: Awaited<ReturnType<CoverageDays["readDays"]>> = new Map();

/** What is said of the days about all markets: of those that are remembered only what has changed is read. */
async function readWide(
  days: CoverageDays,
  stream: CoverageScope["stream"],
  dayList: readonly EpochMs[],
  memory: CoverageMemory | undefined,
): Promise<SaidOfDay[]> {
  const ids = dayList.map((dayMs) => coverageDayId({ stream, marketId: null, assetId: null }, dayMs));
  const known = new Map<string, RememberedDay>();
  const aged = new Map<string, RememberedDay>();
  for (const id of ids) {
    const found = memory?.get(id);
    if (found) (found.isFresh ? known : aged).set(id, found.day);
  }
  const remember = (id: string, day: RememberedDay) => {
    known.set(id, day);
    memory?.set(id, day);
  };
  const versions = aged.size > 0 ? await days.readVersions([...aged.keys()]) : new Map();
  for (const [id, day] of aged) if (isSame(day.version, versions.get(id))) remember(id, day);
  const unknown = ids.filter((id) => !known.has(id));
  const read = unknown.length > 0 ? await days.readDays(unknown) : NO_DAYS;
  for (const id of unknown) remember(id, rememberedDay(read.get(id)));
  return ids.map((id, place) => ({
    dayMs: dayList[place] ?? 0,
    statements: known.get(id)?.statements ?? [],
  }));
}

function isSame(one: StoreVersion | null, other: StoreVersion | undefined): boolean {
  return one?.seqNo === other?.seqNo && one?.primaryTerm === other?.primaryTerm;
}

function rememberedDay(found: { day: CoverageDay; version: StoreVersion } | undefined): RememberedDay {
  return { statements: found?.day.statements ?? [], version: found?.version ?? null };
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

/** What speaks of the scope beside what is said of all markets: itself and all that is wider. */
function narrowerScopes({ stream, marketId, assetId }: CoverageScope) {
  const markets = marketId === undefined ? [null] : [null, marketId];
  const assets = assetId === undefined ? [null] : [null, assetId];
  return markets
    .flatMap((market) => assets.map((asset) => ({ stream, marketId: market, assetId: asset })))
    .filter((each) => each.marketId !== null || each.assetId !== null);
}

function hasParts({ marketId, assetId }: CoverageScope): boolean {
  return marketId === undefined || assetId === undefined;
}

/** Beyond the last day of parts that was read nothing is known: its trouble may lie there. */
function timelineOf(
  said: { wide: readonly SaidOfDay[]; narrow: readonly SaidOfDay[]; troubled: readonly SaidOfDay[] },
  scope: CoverageScope,
  { fromMs, toMs }: { fromMs: EpochMs; toMs: EpochMs },
): CoverageStretch[] {
  const last = said.troubled.length < TROUBLED_DAYS_MAX ? undefined : said.troubled.at(-1);
  const readToMs = last ? Math.min(Math.max(last.dayMs, fromMs), toMs) : toMs;
  const others = new Map<EpochMs, DeclaredCoverage[]>();
  for (const { dayMs, statements } of [...said.narrow, ...said.troubled])
    others.set(dayMs, [...(others.get(dayMs) ?? []), ...statements]);
  const timeline = said.wide.flatMap((wide) => {
    const beside = others.get(wide.dayMs) ?? [];
    if (beside.length === 0) return timelineOfAll(wide, scope);
    return coverageTimeline([...wide.statements, ...beside], scope, wide.dayMs, wide.dayMs + DAY_MS);
  });
  const unread: CoverageStretch = { fromMs: readToMs, toMs, state: "unknown", cause: null };
  return joinTimelines([cutTimeline(timeline, fromMs, readToMs), readToMs < toMs ? [unread] : []]);
}

/** What is said about all markets alone is the same whoever asks: made once for as long as the day is remembered. */
const madeOfAll = new WeakMap<readonly DeclaredCoverage[], CoverageStretch[]>();

function timelineOfAll({ statements, dayMs }: SaidOfDay, scope: CoverageScope): CoverageStretch[] {
  const made = madeOfAll.get(statements) ?? coverageTimeline(statements, scope, dayMs, dayMs + DAY_MS);
  madeOfAll.set(statements, made);
  return made;
}
