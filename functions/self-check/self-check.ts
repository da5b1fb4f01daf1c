import type { EventBus } from "@polytape/event-bus";
import { type JobReport, type RunContext, withReport } from "@polytape/function-runtime";
import { DAY_MS, hasCode, toRfc3339 } from "@polytape/market-model";
import type { MarketStore } from "@polytape/market-store";
import { checkMarket, isUpstreamBehind, type MarketFinding, type Repair, tellOfDay } from "./check-market.ts";
import {
  type CheckBounds,
  lastSettledDay,
  nameOfDay,
  readRequest,
  type SelfCheckInput,
} from "./check-request.ts";
import {
  ANOMALIES_KEPT_MAX,
  type Anomaly,
  type Check,
  NO_TOTALS,
  readState,
  type StoredState,
  type Totals,
} from "./check-state.ts";
import { chooseMarkets } from "./choose-markets.ts";
import { compareWithNeighbours, compareWithVenue } from "./day-anomalies.ts";
import type { RereadParts } from "./reread-market.ts";
import { NO_MARKET } from "./verdict.ts";

export interface SelfCheckParts extends RunContext, RereadParts {
  readonly store: Pick<MarketStore, "trades" | "markets" | "checkpoints" | "coverage" | "rejections">;
  readonly bus: Pick<EventBus, "publish" | "publishTradesStored">;
  readonly bounds: CheckBounds;
  readonly sample: { readonly marketsMax: number; readonly volumeRatioMax: number };
  /** Of one call: pages that it reads, and the time after which it begins with no further market. */
  readonly budget: { readonly pagesMax: number; readonly timeMs: number };
  pause(ms: number): Promise<void>;
}

/** Every call takes one message of it; one not yet taken is replaced, which loses nothing: state is in the checkpoint. */
export const TOPIC = "tick.self-check";
/** Whoever fills in trades of the past takes this: `{from, to, request_id}`, times in RFC 3339. */
export const BACKFILL_TOPIC = "job.backfill.request";

/** A check that takes longer does not get on (a market whose feed fails at every call): the next one begins. */
const OPEN_MAX_MS = DAY_MS;

/**
 * Doubts the tape: reads a sample of markets of one day again from the upstream, stores what was missing, says
 * in the ledger what was not true, and has the whole day read again when anything was missing.
 *
 * May be run again at any moment, twice at once too: rows have ids from their content, the ledger keeps the
 * newest word, and the checkpoint is written only by who read its last version. It never deletes a row, and
 * never calls complete what it has not read.
 */
export async function selfCheck(parts: SelfCheckParts, input: SelfCheckInput): Promise<JobReport> {
  const stored = await readState(parts.store.checkpoints);
  try {
    const idle = await openCheck(parts, stored, input);
    return idle ?? (await continueCheck(parts, stored));
  } catch (error) {
    if (hasCode(error, "store_conflict")) return { outcome: "held_by_another_run" };
    throw error;
  }
}

/** Leaves an open check in the state, or reports why there is none. Throws `self_check_refused` (input). */
async function openCheck(
  parts: SelfCheckParts,
  stored: StoredState,
  input: SelfCheckInput,
): Promise<JobReport | null> {
  const { store, bounds, sample, now, log } = parts;
  const request = readRequest(input, bounds, now());
  const { open, checkedDayMs } = stored.state;
  const isStuck = open !== null && now() - open.openedAtMs > OPEN_MAX_MS;
  if (open && !request && !isStuck) return null;
  const dayMs = request?.dayMs ?? lastSettledDay(now(), bounds.settleSeconds);
  const named = request?.markets ?? null;
  if (open && !isStuck && open.dayMs === dayMs && sameMarkets(open.named, named)) return null;
  // Before anything is given up for it: a request for which there is nothing to doubt changes nothing.
  if (request && !(await isAnythingKnown(store, dayMs, named))) return nothingToCheck(dayMs);
  if (open) await abandonCheck(parts, stored, open);
  if (!request && checkedDayMs !== null && checkedDayMs >= dayMs) return { outcome: "nothing_to_do" };
  if (!request && !(await isAnythingKnown(store, dayMs, null))) return nothingToCheck(dayMs);
  const left = named ?? (await chooseMarkets(store, dayMs, sample.marketsMax));
  if (left.length === 0) return { outcome: "nothing_to_check", day: nameOfDay(dayMs), reason: NO_MARKETS };
  const fresh = { dayMs, named: named && [...named], openedAtMs: now(), left: [...left] };
  await stored.save({ ...stored.state, open: { ...fresh, repair: null, totals: NO_TOTALS, anomalies: [] } });
  log.info("self_check_starts", { day: nameOfDay(dayMs), markets: left.length });
  return null;
}

/** One that gives way or does not get on: what it found is stored, and all that follows from it is done. */
async function abandonCheck(parts: SelfCheckParts, stored: StoredState, open: Check): Promise<void> {
  const { dayMs, left, repair } = open;
  parts.log.warn("self_check_abandoned", { day: nameOfDay(dayMs), markets_left: left.length });
  if (repair) await tellOfDay(parts, { marketId: repair.market, dayMs });
  await askForBackfill(parts, open);
  await stored.save({ ...stored.state, open: null, last: { ...open, endedAtMs: parts.now() } });
}

function sameMarkets(one: readonly string[] | null, other: readonly string[] | null): boolean {
  return one === other || (one !== null && other !== null && one.join() === other.join());
}

/** Of a day before the first run the ledger claims nothing, so there is nothing to doubt. */
async function isAnythingKnown(
  { coverage }: SelfCheckParts["store"],
  dayMs: number,
  named: readonly string[] | null,
): Promise<boolean> {
  const day = { fromMs: dayMs, toMs: dayMs + DAY_MS };
  for (const marketId of named ?? [NO_MARKET]) {
    const timeline = await coverage.readTimeline({ stream: "trades", marketId, ...day });
    if (timeline.some(({ state }) => state !== "unknown")) return true;
  }
  return false;
}

function nothingToCheck(dayMs: number): JobReport {
  const reason = "The ledger claims nothing of this day: nothing was collected or filled in yet.";
  return { outcome: "nothing_to_check", day: nameOfDay(dayMs), reason };
}

/** A day without a market is not checked by that: it is looked at again. */
const NO_MARKETS = "No market has trades on this day, and none is known to be open.";

/** What was found before a failure is told with it. */
async function continueCheck(parts: SelfCheckParts, stored: StoredState): Promise<JobReport> {
  const before = stored.state.open?.totals ?? NO_TOTALS;
  try {
    return await checkOn(parts, stored, before);
  } catch (error) {
    const { outcome, ...done } = report("throttled", stored.state.open, before);
    if (hasCode(error, "upstream_throttled")) return { outcome, ...done };
    throw withReport(error, done);
  }
}

async function checkOn(parts: SelfCheckParts, stored: StoredState, before: Totals): Promise<JobReport> {
  const { budget, now, signal } = parts;
  if (await isUpstreamBehind(parts)) return { outcome: "upstream_behind" };
  const startedMs = now();
  let pagesLeft = budget.pagesMax;
  for (let isFirst = true; ; isFirst = false) {
    const check = stored.state.open;
    if (!check) break;
    const marketId = check.left[0];
    if (marketId === undefined) return finishCheck(parts, stored, before);
    const isSpent = pagesLeft <= 0 || now() - startedMs >= budget.timeMs || signal.aborted;
    if (!isFirst && isSpent) break;
    const finding = await checkInTurn(parts, stored, check, { pagesMax: pagesLeft, isFirst });
    if (!finding) break;
    pagesLeft -= finding.pages;
    await takeFinding(parts, stored, marketId, finding);
  }
  const { open } = stored.state;
  if (open) await parts.bus.publish(TOPIC, {}, { messageId: `${open.openedAtMs}:${open.left.length}` });
  return report("running", open, before);
}

/** A market whose reading fails goes to the end, so that it does not keep the others waiting. */
async function checkInTurn(
  parts: SelfCheckParts,
  stored: StoredState,
  check: Check,
  budget: { pagesMax: number; isFirst: boolean },
): Promise<MarketFinding | null> {
  const [marketId = "", ...others] = check.left;
  try {
    const repair = repairOf(stored, check, marketId);
    return await checkMarket(parts, { marketId, dayMs: check.dayMs }, { ...budget, repair });
  } catch (error) {
    const isOfThisMarket = hasCode(error, "upstream_unavailable") || hasCode(error, "upstream_malformed");
    // What was begun to be stored must be told of first: its market keeps its place.
    if (isOfThisMarket && !check.repair)
      await stored.save({ ...stored.state, open: { ...check, left: [...others, marketId] } });
    throw error;
  }
}

/** The remembered number is kept: after a crash the rows are there, and nobody could count them again. */
function repairOf(stored: StoredState, check: Check, market: string): Repair {
  return {
    begunRows: check.repair?.market === market ? check.repair.missingRows : null,
    begin: (missingRows) =>
      stored.save({ ...stored.state, open: { ...check, repair: { market, missingRows } } }),
  };
}

async function takeFinding(
  { log }: SelfCheckParts,
  stored: StoredState,
  marketId: string,
  finding: MarketFinding,
): Promise<void> {
  const { open } = stored.state;
  if (!open) return;
  const { rows, stored: storedRows, missingRows, extraRows } = finding;
  const found: Anomaly[] = [];
  if (missingRows > 0)
    found.push({ kind: "missing_rows", market: marketId, expected: rows, found: rows - missingRows });
  if (extraRows > 0)
    found.push({ kind: "extra_rows", market: marketId, expected: rows, found: rows + extraRows });
  const { totals } = open;
  const next: Totals = {
    checkedMarkets: totals.checkedMarkets + 1,
    unfinishedMarkets: totals.unfinishedMarkets + (finding.isWhole ? 0 : 1),
    pages: totals.pages + finding.pages,
    rows: totals.rows + rows,
    missingRows: totals.missingRows + missingRows,
    stored: totals.stored + storedRows,
    extraRows: totals.extraRows + extraRows,
    rejected: totals.rejected + finding.rejected,
    anomalies: totals.anomalies,
  };
  const check = withAnomalies({ ...open, totals: next, left: open.left.slice(1), repair: null }, found, log);
  await stored.save({ ...stored.state, open: check });
}

function withAnomalies(check: Check, found: readonly Anomaly[], log: SelfCheckParts["log"]): Check {
  const room = Math.max(0, ANOMALIES_KEPT_MAX - check.anomalies.length);
  for (const anomaly of found.slice(0, room))
    log.warn("anomaly", { ...anomaly, market: anomaly.market ?? "all", day: nameOfDay(check.dayMs) });
  const totals = { ...check.totals, anomalies: check.totals.anomalies + found.length };
  return { ...check, totals, anomalies: [...check.anomalies, ...found.slice(0, room)] };
}

async function finishCheck(parts: SelfCheckParts, stored: StoredState, before: Totals): Promise<JobReport> {
  const check = stored.state.open;
  if (!check) return { outcome: "nothing_to_do" };
  const { store, log, now, sample } = parts;
  const { dayMs, named } = check;
  const isRereading = await askForBackfill(parts, check);
  // Named markets are checked for their own sake; what concerns the day belongs to its sample.
  const ofDay = named
    ? []
    : [
        ...(await compareWithNeighbours(store, dayMs)),
        ...(await compareWithVenue(store, dayMs, sample.volumeRatioMax)),
      ];
  await noteInLedger(store, dayMs, ofDay);
  const done = withAnomalies(check, ofDay, log);
  const { checkedDayMs } = stored.state;
  await stored.save({
    checkedDayMs: named ? checkedDayMs : Math.max(checkedDayMs ?? dayMs, dayMs),
    open: null,
    last: { ...done, endedAtMs: now() },
  });
  log.info("self_check_done", { day: nameOfDay(dayMs), ...done.totals });
  return { ...report("done", done, before), ...(isRereading && { backfill: nameOfDay(dayMs) }) };
}

/** Beside what the ledger says of the day, which stays as it is: odd numbers are no gap, only a reason to look. */
async function noteInLedger(
  { coverage }: SelfCheckParts["store"],
  dayMs: number,
  anomalies: readonly Anomaly[],
): Promise<void> {
  const [first] = anomalies;
  if (!first) return;
  const { kind, market, expected, found } = first;
  const facts = { anomalies: anomalies.length, anomaly: kind, expected, found };
  await coverage.addEvidence({ stream: "trades" }, dayMs, { ...facts, ...(market !== null && { market }) });
}

/** While the ledger doubts anything of the day, it is to be read again: also when a crash hid who raised the doubt. */
async function askForBackfill({ store, bus }: SelfCheckParts, check: Check): Promise<boolean> {
  const [fromMs, toMs] = [check.dayMs, check.dayMs + DAY_MS];
  const timeline = await store.coverage.readTimeline({ stream: "trades", marketId: NO_MARKET, fromMs, toMs });
  if (!timeline.some(({ cause }) => cause === "count_mismatch")) return false;
  // The same for a repeat, so that one check has the day read once.
  const requestId = `self-check:${nameOfDay(fromMs)}:${check.openedAtMs}`;
  const day = { from: toRfc3339(fromMs), to: toRfc3339(toMs), request_id: requestId };
  await bus.publish(BACKFILL_TOPIC, day, { messageId: requestId });
  return true;
}

/** What this call added; the whole check is in the checkpoint. */
function report(outcome: string, check: Check | null, before: Totals): JobReport {
  const after = check?.totals ?? NO_TOTALS;
  const since = (of: keyof Totals): number => after[of] - before[of];
  return {
    outcome,
    ...(check && { day: nameOfDay(check.dayMs), markets_left: check.left.length }),
    checked_markets: since("checkedMarkets"),
    unfinished_markets: since("unfinishedMarkets"),
    pages: since("pages"),
    rows: since("rows"),
    missing_rows: since("missingRows"),
    stored: since("stored"),
    extra_rows: since("extraRows"),
    rejected: since("rejected"),
    anomalies: since("anomalies"),
  };
}
